import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { chunkNonces, partNonces } from "../../src/legacy/legacy-nonces.ts";
import { DATA_KEY, NONCE } from "./vector-seal.ts";

describe("nonces of format 1", () => {
  const known = [
    [0, "db7df6ca0cc5a02d8c4ccb55", "000102030405060708090a0b"],
    [1, "234ae9ee5a51a22475cb26c2", "000102030405060708090a0a"],
    [2, "58b97ae1f219d99e9e6dbce5", "000102030405060708090a09"],
    [255, "15a4a2a68baa5ef68e531bf4", "000102030405060708090af4"],
    [256, "6c068a62b442940d7867d3f7", "000102030405060708090b0b"],
    [65_536, "880f10451d3b1e6374f6db23", "000102030405060708080a0b"],
  ] as const;

  it("of chunks are derived from the base nonce and the index, in both ways", () => {
    const chunks = { chunkBytes: 65_536, baseNonce: NONCE };
    const derived = chunkNonces({ ...chunks, nonces: "hkdf" });
    const counted = chunkNonces({ ...chunks, nonces: "xor" });
    for (const [index, hkdf, xor] of known) {
      assert.equal(derived(index).toString("hex"), hkdf);
      assert.equal(counted(index).toString("hex"), xor);
    }
    assert.throws(() => derived(2 ** 32), RangeError);
  });

  it("of parts are derived from data key, upload, part and index", () => {
    const uploadIdHash = hash("sha256", "test-upload-id-12345", "buffer");
    const noncePrefix = Buffer.from("aabbccddeeff112233445566", "hex");
    const nonces = partNonces({ dataKey: DATA_KEY, uploadIdHash, noncePrefix });
    for (const [part, index, nonce] of [
      [1, 0, "25676f1b3de70cfc8276d810"],
      [1, 1, "c1ec144df76a15120ea027cc"],
      [2, 0, "e7bbd32bac9df796e8168e46"],
      [3, 7, "a8e375a03f0b4b40cf60fd40"],
      [10_000, 65_535, "6c90050b422bf4dc6bf8eba5"],
    ] as const) {
      assert.equal(nonces(part)(index).toString("hex"), nonce, `${part}/${index}`);
    }
    const expected = "Djkbh36fEyajCuxwZ1GKdpLDWV-JggUls96yBWTuDZ8";
    assert.equal(uploadIdHash.toString("base64url"), expected);
  });
});
