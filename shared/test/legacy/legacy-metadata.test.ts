import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  isLegacyHeader,
  legacyMetadataOf,
  legacyMetadataOfJson,
} from "../../src/legacy/legacy-metadata.ts";

describe("metadata of format 1", () => {
  it("is there only where a mark says so", () => {
    const stray = { "x-amz-meta-encryption-iv": "x", "x-amz-meta-encrypted": "yes" };
    for (const headers of [{}, stray, { "x-amz-meta-e": "TRUE" }]) {
      assert.equal(legacyMetadataOf(headers), undefined);
    }
    const metadata = legacyMetadataOf({
      "x-amz-meta-encrypted": "true",
      "x-amz-meta-encryption-iv": "iv",
      "x-amz-meta-mine": "1",
    });
    assert.deepEqual(metadata && Object.fromEntries(metadata), {
      encrypted: "true",
      "encryption-iv": "iv",
    });
    assert.ok(legacyMetadataOf({ "x-amz-meta-encrypted-mpu": "true" }));
  });

  it("is nothing that an object of format 2 has, whatever its client calls its own metadata", () => {
    const headers = { "x-amz-meta-s3eg": "v", "x-amz-meta-encrypted": "true" };
    assert.equal(legacyMetadataOf(headers), undefined);
  });

  it("is found under names with the prefix twice", () => {
    const metadata = legacyMetadataOf({
      "x-amz-meta-x-amz-meta-encrypted": "true",
      "x-amz-meta-x-amz-meta-encryption-key-salt": "salt",
    });
    assert.equal(metadata?.get("encryption-key-salt"), "salt");
  });

  it("is found under short names, unless the long ones are there", () => {
    const short = { "x-amz-meta-e": "true", "x-amz-meta-s": "salt", "x-amz-meta-c": "true" };
    assert.equal(legacyMetadataOf(short)?.get("encryption-chunked"), "true");
    const long = { ...short, "x-amz-meta-encrypted": "true" };
    assert.equal(legacyMetadataOf(long)?.get("encryption-chunked"), undefined);
  });

  it("is read from JSON, its strings alone", () => {
    const json = { "X-Amz-Meta-Encryption-Iv": "iv", "x-amz-meta-mine": "1", "Content-Length": 5 };
    const metadata = legacyMetadataOfJson(Buffer.from(JSON.stringify(json)));
    assert.deepEqual(Object.fromEntries(metadata), { "encryption-iv": "iv" });
    for (const text of ["{", "[]", "null", '"x"']) {
      assert.throws(() => legacyMetadataOfJson(Buffer.from(text)), { code: "crypto.integrity" });
    }
  });

  it("is told apart from what is the client's own", () => {
    assert.ok(isLegacyHeader("x-amz-meta-encryption-wrapped-key"));
    assert.ok(isLegacyHeader("x-amz-meta-x-amz-meta-encrypted"));
    for (const name of ["x-amz-meta-encryptedly", "encrypted", "x-amz-meta-owner"]) {
      assert.equal(isLegacyHeader(name), false, name);
    }
  });
});
