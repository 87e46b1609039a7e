import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { base64Bytes, bytesOfBase64 } from "../../../src/custody/remote/base64-bytes.ts";

describe("base64 as bytes", () => {
  it("is what base64 is, there and back, for every length", () => {
    for (let length = 0; length < 100; length += 1) {
      const bytes = randomBytes(length);
      const digits = base64Bytes(bytes);
      assert.equal(digits.toString("latin1"), bytes.toString("base64"));
      assert.deepEqual(bytesOfBase64(digits), bytes);
    }
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    assert.deepEqual(bytesOfBase64(Buffer.from(all.toString("base64"))), all);
  });

  for (const text of [
    "A",
    "AA",
    "AAA",
    "AA=A",
    "====",
    "AB==",
    "AAB=",
    "A-_A",
    "AAA\n",
    "AA AA===",
  ]) {
    it(`is not ${JSON.stringify(text)}`, () => {
      assert.equal(bytesOfBase64(Buffer.from(text)), undefined);
    });
  }
});
