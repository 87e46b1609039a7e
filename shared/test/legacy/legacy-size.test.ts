import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { legacySizeOf } from "../../src/legacy/legacy-size.ts";
import { NONCE, SALT } from "./vector-seal.ts";

const base = {
  "x-amz-meta-encrypted": "true",
  "x-amz-meta-encryption-key-salt": SALT.toString("base64"),
  "x-amz-meta-encryption-iv": NONCE.toString("base64"),
};
const manifest = JSON.stringify({ v: 1, cs: 16_384, cc: 0, iv: NONCE.toString("base64") });
const chunked = {
  ...base,
  "x-amz-meta-encryption-chunked": "true",
  "x-amz-meta-encryption-manifest": Buffer.from(manifest).toString("base64"),
};
const recorded = (size: number) => ({ "x-amz-meta-encryption-original-size": String(size) });

describe("the size of an object of format 1", () => {
  it("follows from what is stored, and must be what is recorded", () => {
    assert.equal(legacySizeOf(base, 27), 11);
    assert.equal(legacySizeOf({ ...base, ...recorded(11) }, 27), 11);
    assert.equal(legacySizeOf(chunked, 0), 0);
    assert.equal(legacySizeOf(chunked, 2 * (16_384 + 16) + 17), 2 * 16_384 + 1);
    for (const [headers, stored] of [
      [{ ...base, ...recorded(12) }, 27],
      [{ ...chunked, ...recorded(16_385) }, 16_400],
      [base, 15],
    ] as const) {
      assert.throws(() => legacySizeOf(headers, stored), { code: "crypto.integrity" });
    }
  });

  it("is the recorded one where the stored one tells nothing, or none", () => {
    const fallback = { ...base, "x-amz-meta-encryption-fallback": "true" };
    assert.equal(legacySizeOf({ ...fallback, ...recorded(7) }, 9000), 7);
    assert.equal(legacySizeOf(fallback, 9000), undefined);
    const gzip = {
      "x-amz-meta-compression-enabled": "true",
      "x-amz-meta-compression-algorithm": "gzip",
    };
    assert.equal(legacySizeOf({ ...base, ...gzip, ...recorded(5000) }, 100), 5000);
    assert.equal(legacySizeOf({ "x-amz-meta-encrypted-mpu": "true" }, 5), undefined);
    assert.equal(legacySizeOf({}, 5), undefined);
  });
});
