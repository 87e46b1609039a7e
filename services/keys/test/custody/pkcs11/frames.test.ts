import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { FrameReader, framed } from "../../../src/custody/pkcs11/frames.ts";

const messages = [[Buffer.from("ask"), Buffer.alloc(0), Buffer.alloc(300, 7)], [Buffer.of(1)], []];

describe("messages to a module", () => {
  it("come out as they went in, in whatever pieces they arrive", () => {
    const all = Buffer.concat(messages.map(framed));
    for (const size of [1, 3, 7, 304, all.byteLength]) {
      const reader = new FrameReader();
      const got: Buffer[][] = [];
      for (let at = 0; at < all.byteLength; at += size) {
        got.push(...reader.push(Buffer.from(all.subarray(at, at + size))));
      }
      assert.deepEqual(got, messages, `pieces of ${size}`);
    }
  });

  it("leave nothing in the pieces", () => {
    const piece = framed([Buffer.from("secret")]);
    new FrameReader().push(piece);
    assert.ok(piece.every((byte) => byte === 0));
  });

  it("are refused where they are none", () => {
    const isMalformed = (error: unknown) => isFault(error, "crypto.integrity");
    assert.throws(() => new FrameReader().push(Buffer.from("ffffffff", "hex")), isMalformed);
    assert.throws(() => new FrameReader().push(Buffer.from("000000030005aa", "hex")), isMalformed);
  });
});
