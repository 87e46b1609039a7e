import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isFault } from "../../src/faults.ts";
import { decodeManifest, encodeManifest, type Manifest } from "../../src/format/manifest.ts";

const part = (partNumber: number, size = 5) => ({
  partNumber,
  size,
  salt: Buffer.alloc(16, partNumber),
});
const LENGTH = 1000;

function assertRefused(bytes: Buffer): void {
  assert.throws(
    () => decodeManifest(bytes),
    (error) => isFault(error, "crypto.integrity"),
  );
}

describe("manifest (format.md §7)", () => {
  it("gives back what was encoded", () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 10_000 }), {
      minLength: 1,
      maxLength: 12,
    });
    const checksums = fc.constantFrom(undefined, "crc32", "sha256") as fc.Arbitrary<
      "crc32" | "sha256" | undefined
    >;
    fc.assert(
      fc.property(numbers, checksums, fc.boolean(), (unsorted, algorithm, hasMd5) => {
        const bytes = algorithm === "crc32" ? 4 : 32;
        const manifest: Manifest = {
          parts: unsorted
            .sort((a, b) => a - b)
            .map((number) => ({
              ...part(number, number * 7),
              ...(algorithm ? { checksum: Buffer.alloc(bytes, 3) } : {}),
            })),
          ...(hasMd5 ? { md5OfMd5s: Buffer.alloc(16, 9) } : {}),
          ...(algorithm
            ? {
                checksumAlgorithm: algorithm,
                checksum: { type: "COMPOSITE", value: Buffer.alloc(bytes, 4) },
              }
            : {}),
        };
        assert.deepEqual(decodeManifest(encodeManifest(manifest, LENGTH)), manifest);
      }),
    );
  });

  it("refuses to encode what does not fit", () => {
    assert.throws(() => encodeManifest({ parts: [part(1), part(2)] }, 100), RangeError);
  });

  const bytes = encodeManifest({ parts: [part(1), part(3)] }, LENGTH);
  const changes: [string, (changed: Buffer) => void][] = [
    ["another version", (b) => b.writeUInt8(2, 0)],
    ["an unknown algorithm", (b) => b.writeUInt8(6, 1)],
    ["a type without a checksum", (b) => b.writeUInt8(1, 2)],
    ["an unknown flag", (b) => b.writeUInt8(4, 3)],
    ["a wrong total", (b) => b.writeBigUInt64BE(11n, 4)],
    ["an MD5 without its flag", (b) => b.writeUInt8(1, 12)],
    ["no part", (b) => b.writeUInt16BE(0, 92)],
    ["more parts than there are", (b) => b.writeUInt16BE(900, 92)],
    ["part number 0", (b) => b.writeUInt16BE(0, 94)],
    ["parts out of order", (b) => b.writeUInt16BE(4, 94)],
    ["a part number twice", (b) => b.writeUInt16BE(3, 94)],
    ["a checksum of no known length", (b) => b.writeUInt8(1, 94 + 26)],
    ["padding that is not zero", (b) => b.writeUInt8(1, LENGTH - 1)],
  ];
  for (const [what, change] of changes) {
    it(`refuses ${what}`, () => {
      const changed = Buffer.from(bytes);
      change(changed);
      assertRefused(changed);
    });
  }

  it("refuses a truncated one", () => {
    for (const length of [0, 50, 94, 120]) assertRefused(bytes.subarray(0, length));
  });
});
