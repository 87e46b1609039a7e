import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "../../src/faults.ts";
import {
  CHECKSUM_ALGORITHMS,
  decodeTrailer,
  encodeTrailer,
  type Trailer,
} from "../../src/format/trailer.ts";

const md5 = Buffer.alloc(16, 5);
const checksum = {
  algorithm: "crc64nvme",
  type: "FULL_OBJECT",
  value: Buffer.alloc(8, 6),
} as const;

function assertRefused(bytes: Buffer): void {
  assert.throws(
    () => decodeTrailer(bytes),
    (error) => isFault(error, "crypto.integrity"),
  );
}

describe("object trailer (format.md §6)", () => {
  const trailers: [string, Trailer][] = [
    ["nothing", {}],
    ["an MD5", { md5 }],
    ["a checksum", { checksum }],
    ["both", { md5, checksum }],
    ...Object.entries(CHECKSUM_ALGORITHMS).map(([algorithm, { bytes }]): [string, Trailer] => [
      algorithm,
      {
        checksum: {
          algorithm: algorithm as "crc32",
          type: "COMPOSITE",
          value: Buffer.alloc(bytes, 3),
        },
      },
    ]),
  ];
  for (const [what, trailer] of trailers) {
    it(`gives back ${what}`, () => {
      const bytes = encodeTrailer(trailer);
      assert.equal(bytes.byteLength, 112);
      assert.deepEqual(decodeTrailer(bytes), trailer);
    });
  }

  it("refuses every set bit that no field claims", () => {
    const empty = encodeTrailer({});
    for (let at = 0; at < empty.byteLength * 8; at += 1) {
      const bytes = Buffer.from(empty);
      bytes.writeUInt8(bytes.readUInt8(at >> 3) ^ (1 << (at & 7)), at >> 3);
      // Bit 0 of `has` says that an MD5 of zeros is there: a valid trailer, and not the one that was sealed.
      if (at === 3 * 8) assert.deepEqual(decodeTrailer(bytes), { md5: Buffer.alloc(16) });
      else assertRefused(bytes);
    }
  });

  it("refuses unknown algorithms, types and lengths", () => {
    const bytes = encodeTrailer({ checksum });
    for (const [offset, value] of [
      [1, 6],
      [1, 0],
      [2, 3],
      [2, 0],
      [0, 2],
      [28, 1],
    ] as const) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(value, offset);
      assertRefused(changed);
    }
    assertRefused(bytes.subarray(1));
  });
});
