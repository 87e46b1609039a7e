import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Manifest } from "@s3eg/shared/format/manifest.ts";
import {
  factsOfManifest,
  partOfManifest,
  partsOfManifest,
} from "../../src/multipart/multipart-facts.ts";

const salt = Buffer.alloc(16);
const PLAIN: Manifest = {
  parts: [
    { partNumber: 2, size: 10, salt },
    { partNumber: 5, size: 3, salt },
  ],
};
const FULL: Manifest = {
  parts: PLAIN.parts.map((part) => ({
    ...part,
    checksum: Buffer.from([0, 0, 0, part.partNumber]),
  })),
  md5OfMd5s: Buffer.alloc(16, 0xab),
  checksumAlgorithm: "crc32",
  checksum: { type: "FULL_OBJECT", value: Buffer.from([0, 0, 0, 9]) },
};

describe("what a manifest tells", () => {
  it("of the object", () => {
    assert.deepEqual(factsOfManifest(PLAIN), { size: 13, isSealed: true });
    assert.deepEqual(factsOfManifest(FULL), {
      size: 13,
      isSealed: true,
      etag: `${"ab".repeat(16)}-2`,
      checksum: { algorithm: "crc32", type: "FULL_OBJECT", value: "AAAACQ==", partCount: 2 },
    });
  });

  it("of its parts, salts aside", () => {
    assert.deepEqual(partsOfManifest(PLAIN)[1], { partNumber: 5, size: 3 });
    assert.deepEqual(partsOfManifest(FULL)[1], { partNumber: 5, size: 3, checksum: "AAAABQ==" });
  });

  it("of one part", () => {
    const range = { offset: 10, length: 3 };
    const checksum = { algorithm: "crc32", type: "FULL_OBJECT", value: "AAAABQ==" };
    assert.deepEqual(partOfManifest(PLAIN, 5), { range });
    assert.deepEqual(partOfManifest(FULL, 5), { range, checksum });
    assert.equal(partOfManifest(FULL, 1), undefined);
  });
});
