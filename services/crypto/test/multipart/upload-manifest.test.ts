import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { manifestOf, md5OfMd5s } from "../../src/multipart/upload-manifest.ts";
import type { PartAttempt } from "../../src/multipart-state/multipart-state.ts";

const CHECKSUM = { algorithm: "crc32", value: "y/Q5Jg==" } as const;
const WHOLE = { algorithm: "crc32", type: "COMPOSITE", value: Buffer.from("sum!") } as const;

function attempt(partNumber: number, more: Partial<PartAttempt> = {}): PartAttempt {
  const salt = Buffer.alloc(16, partNumber);
  const base = { partNumber, salt, size: partNumber * 10, uploadedAtMs: 0, isParked: false };
  return { ...base, etag: '"e"', sequence: partNumber, ...more };
}

describe("manifestOf", () => {
  it("names part, size and salt, and checksums of the whole's algorithm alone", () => {
    const sha1 = { algorithm: "sha1", value: "AAAA" } as const;
    const parts = [attempt(1, { checksum: CHECKSUM }), attempt(4, { checksum: sha1 })];
    const { parts: listed, checksumAlgorithm, checksum } = manifestOf(parts, WHOLE);
    assert.deepEqual(listed, [
      {
        partNumber: 1,
        size: 10,
        salt: Buffer.alloc(16, 1),
        checksum: Buffer.from("cbf43926", "hex"),
      },
      { partNumber: 4, size: 40, salt: Buffer.alloc(16, 4) },
    ]);
    assert.equal(checksumAlgorithm, "crc32");
    assert.deepEqual(checksum, { type: "COMPOSITE", value: WHOLE.value });
    assert.deepEqual(Object.keys(manifestOf([attempt(1, { checksum: CHECKSUM })], undefined)), [
      "parts",
    ]);
  });
});

describe("md5OfMd5s", () => {
  it("is that of all parts, or none", () => {
    const [one, two] = [hash("md5", "1"), hash("md5", "2")];
    const whole = hash("md5", Buffer.from(one + two, "hex"), "buffer");
    assert.deepEqual(md5OfMd5s([attempt(1, { md5: one }), attempt(2, { md5: two })]), whole);
    assert.equal(md5OfMd5s([attempt(1, { md5: one }), attempt(2)]), undefined);
  });
});
