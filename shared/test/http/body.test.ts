import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bodyOfBytes, bodyOfPieces, collectBody, takeAll } from "../../src/http/body.ts";

const pieces = ["a", "bc", "d"].map((text) => Buffer.from(text));

describe("bodyOfPieces", () => {
  it("pushes its pieces in order, one at a time", async () => {
    let isTaking = false;
    const taken: string[] = [];
    await bodyOfPieces(pieces).pump(async (piece) => {
      assert.ok(!isTaking, "a piece came while the last one was being taken");
      isTaking = true;
      await Promise.resolve();
      taken.push(Buffer.from(piece).toString());
      isTaking = false;
    });
    assert.deepEqual(taken, ["a", "bc", "d"]);
  });

  it("rejects with what the taker throws", async () => {
    const refusal = new Error("no");
    await assert.rejects(
      bodyOfPieces(pieces).pump(() => Promise.reject(refusal)),
      refusal,
    );
  });

  it("rejects once it was destroyed, before or while it is pumped", async () => {
    const reason = new Error("gone");
    const before = bodyOfPieces(pieces);
    before.destroy(reason);
    await assert.rejects(
      before.pump(() => undefined),
      reason,
    );
    const during = bodyOfPieces(pieces);
    await assert.rejects(
      during.pump(() => during.destroy(reason)),
      reason,
    );
  });
});

describe("collectBody", () => {
  it("gathers the bytes, and refuses more than it may hold", async () => {
    const tooLarge = () => new Error("too large");
    assert.equal((await collectBody(bodyOfPieces(pieces), 4, tooLarge)).toString(), "abcd");
    assert.equal((await collectBody(bodyOfBytes(Buffer.alloc(0)), 0, tooLarge)).byteLength, 0);
    await assert.rejects(collectBody(bodyOfPieces(pieces), 3, tooLarge), /too large/);
  });
});

describe("takeAll", () => {
  it("waits exactly where the taker asks for it", async () => {
    const taken: string[] = [];
    const all = takeAll(pieces, (piece) => {
      taken.push(Buffer.from(piece).toString());
      return taken.length === 2 ? Promise.resolve() : undefined;
    });
    assert.deepEqual(taken, ["a", "bc"]);
    await all;
    assert.deepEqual(taken, ["a", "bc", "d"]);
    assert.equal(
      takeAll(pieces, () => undefined),
      undefined,
    );
  });
});
