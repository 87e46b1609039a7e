import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Body, bodyOfBytes, collectBody } from "../../src/http/body.ts";
import { watchedBody } from "../../src/http/watched-body.ts";

/** A body under watch, and what was heard of it. */
function heardOf(body: Body) {
  const heard: unknown[][] = [];
  const watched = watchedBody(body, {
    onEnd: () => heard.push(["end"]),
    onError: (error) => heard.push(["error", error]),
    onDestroy: (reason) => heard.push(["destroy", reason]),
  });
  return { watched, heard };
}

const read = (body: Body) => collectBody(body, 10, () => new Error("too large"));

describe("a watched body", () => {
  it("gives the same bytes, and tells once that they have ended", async () => {
    const { watched, heard } = heardOf(bodyOfBytes(Buffer.from("bytes")));
    assert.equal((await read(watched)).toString(), "bytes");
    assert.deepEqual(heard, [["end"]]);
  });

  it("tells what went wrong, at either side, and fails with it", async () => {
    const tooLong = heardOf(bodyOfBytes(Buffer.alloc(11)));
    await assert.rejects(read(tooLong.watched), /too large/);
    const reason = new Error("given up");
    const given = heardOf(bodyOfBytes(Buffer.from("bytes")));
    given.watched.destroy(reason);
    await assert.rejects(read(given.watched), reason);
    assert.deepEqual(given.heard, [
      ["destroy", reason],
      ["error", reason],
    ]);
    assert.equal(tooLong.heard.length, 1);
    assert.equal(tooLong.heard[0]?.[0], "error");
  });

  it("lends its pieces where the body under it does, and only there", async () => {
    const plain = bodyOfBytes(Buffer.from("bytes"));
    const lender = { ...plain, pumpBorrowed: plain.pump };
    const { watched, heard } = heardOf(lender);
    const pieces: string[] = [];
    await watched.pumpBorrowed?.((piece) => void pieces.push(Buffer.from(piece).toString()));
    assert.deepEqual(pieces, ["bytes"]);
    assert.deepEqual(heard, [["end"]]);
    assert.equal(heardOf(plain).watched.pumpBorrowed, undefined);
  });

  it("needs nobody who listens", async () => {
    const body = watchedBody(bodyOfBytes(Buffer.from("bytes")), {});
    assert.equal((await read(body)).toString(), "bytes");
    watchedBody(bodyOfBytes(Buffer.alloc(0)), {}).destroy();
  });
});
