import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createDigest } from "../../src/s3/checksums.ts";
import { combineCrcs, isCombinable } from "../../src/s3/crc-combine.ts";

describe("combineCrcs", () => {
  for (const algorithm of ["crc32", "crc32c", "crc64nvme"] as const) {
    it(`gives the ${algorithm} of the whole`, () => {
      const crcOf = (bytes: Uint8Array) => {
        const digest = createDigest(algorithm);
        digest.update(bytes);
        return digest.digest();
      };
      fc.assert(
        fc.property(
          fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 5 }),
          (parts) => {
            const combined = combineCrcs(
              algorithm,
              parts.map((bytes) => ({ crc: crcOf(bytes), size: bytes.byteLength })),
            );
            assert.deepEqual(combined, crcOf(Buffer.concat(parts)));
          },
        ),
      );
    });
  }

  it("knows what can be combined", () => {
    assert.ok(isCombinable("crc32"));
    assert.ok(!isCombinable("sha256"));
  });
});
