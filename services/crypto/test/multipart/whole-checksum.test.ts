import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { crc32 } from "node:zlib";
import { shownChecksum, wholeChecksum } from "../../src/multipart/whole-checksum.ts";
import type { PartAttempt } from "../../src/multipart-state/multipart-state.ts";

const PIECES = ["first piece", "", "another one"].map((text) => Buffer.from(text));

function crcOf(bytes: Uint8Array): Buffer {
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(bytes));
  return crc;
}

const sha256 = (bytes: Uint8Array) => hash("sha256", bytes, "buffer");

function partsOf(
  algorithm: "crc32" | "sha256",
  digest: (bytes: Uint8Array) => Buffer,
): PartAttempt[] {
  return PIECES.map((piece, index) => ({
    partNumber: index + 1,
    etag: "e",
    salt: new Uint8Array(16),
    size: piece.byteLength,
    checksum: { algorithm, value: digest(piece).toString("base64") },
    uploadedAtMs: 0,
    sequence: index,
    isParked: false,
  }));
}

describe("the checksum of a whole", () => {
  it("of type COMPOSITE is that of the parts' checksums, with their number", () => {
    for (const [algorithm, digest] of [
      ["crc32", crcOf],
      ["sha256", sha256],
    ] as const) {
      const sum = wholeChecksum(partsOf(algorithm, digest), { algorithm, type: "COMPOSITE" });
      const expected = digest(Buffer.concat(PIECES.map(digest)));
      assert.ok(sum);
      assert.ok(sum.value.equals(expected), algorithm);
      assert.equal(shownChecksum(sum, 3), `${expected.toString("base64")}-3`);
    }
  });

  it("of type FULL_OBJECT is that of all bytes", () => {
    const upload = { algorithm: "crc32", type: "FULL_OBJECT" } as const;
    const sum = wholeChecksum(partsOf("crc32", crcOf), upload);
    const expected = crcOf(Buffer.concat(PIECES));
    assert.ok(sum);
    assert.ok(sum.value.equals(expected));
    assert.equal(shownChecksum(sum, 3), expected.toString("base64"));
  });

  it("is unknown where the upload or a part has none, or it can't be combined", () => {
    const crcs = partsOf("crc32", crcOf);
    const composite = { algorithm: "sha256", type: "COMPOSITE" } as const;
    const [first, ...rest] = partsOf("sha256", sha256);
    assert.ok(first);
    for (const [parts, upload] of [
      [crcs, undefined],
      [crcs, composite],
      [[{ ...first, checksum: undefined }, ...rest], composite],
      [[first, ...rest], { algorithm: "sha256", type: "FULL_OBJECT" }],
    ] as const) {
      assert.equal(wholeChecksum(parts, upload), undefined);
    }
  });
});
