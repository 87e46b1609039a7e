import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isFault } from "../../src/faults.ts";
import { CHUNK_BYTES } from "../../src/format/layout.ts";
import type { Manifest } from "../../src/format/manifest.ts";
import { sealedPartSizeOf } from "../../src/format/sizes.ts";
import { openParts, partsSpanOf, sealPart } from "../../src/sealing/parts.ts";
import { drain, fixedKeys, inPieces, plaintextOf } from "./sealed-fixture.ts";

const C = CHUNK_BYTES;
const upload = { keys: fixedKeys(), suite: 1 } as const;
const part = (partNumber: number, size: number, fill = partNumber) => ({
  partNumber,
  size,
  salt: Buffer.alloc(16, fill),
});

async function sealedParts(parts: readonly ReturnType<typeof part>[]) {
  const plaintext = parts.map(({ size }, index) => plaintextOf(size).map((byte) => byte ^ index));
  const stored = await Promise.all(
    parts.map(async (one, index) => {
      const { bytes, error } = await drain(
        sealPart(inPieces(plaintext[index] as Buffer, 10_000), upload, one),
      );
      assert.equal(error, undefined);
      assert.equal(bytes.byteLength, sealedPartSizeOf(one.size));
      return bytes;
    }),
  );
  return { manifest: { parts } as Manifest, plaintext: Buffer.concat(plaintext), stored };
}

async function open(
  stored: Buffer,
  manifest: Manifest,
  { pieceBytes = 9999, ...range }: { offset: number; length: number; pieceBytes?: number },
) {
  const span = partsSpanOf(manifest, range);
  const from = span.storedOffset;
  const source = inPieces(stored.subarray(from, from + span.storedLength), pieceBytes);
  return await drain(openParts(source, upload, { span, lead: 0, surplus: 0 }));
}

describe("parts (format.md §7)", () => {
  it("opens the whole, in any pieces", async () => {
    const { manifest, plaintext, stored } = await sealedParts([
      part(2, 2 * C + 5),
      part(5, C),
      part(9, 0),
      part(10, 1),
    ]);
    for (const pieceBytes of [1000, 65_553, 1_000_000]) {
      const { bytes, error } = await open(Buffer.concat(stored), manifest, {
        offset: 0,
        length: plaintext.byteLength,
        pieceBytes,
      });
      assert.equal(error, undefined);
      assert.ok(bytes.equals(plaintext));
    }
  });

  it("opens any range across parts, reading covering chunks only", async () => {
    const { manifest, plaintext, stored } = await sealedParts([
      part(1, C + 100),
      part(2, 50),
      part(3, 0),
      part(4, 2 * C),
    ]);
    const ranges = fc
      .nat({ max: plaintext.byteLength - 1 })
      .chain((offset) =>
        fc.tuple(fc.constant(offset), fc.integer({ min: 1, max: plaintext.byteLength - offset })),
      );
    await fc.assert(
      fc.asyncProperty(ranges, async ([offset, length]) => {
        const { bytes, error } = await open(Buffer.concat(stored), manifest, { offset, length });
        assert.equal(error, undefined);
        assert.ok(bytes.equals(plaintext.subarray(offset, offset + length)));
      }),
      { numRuns: 40 },
    );
  });

  it("shares no keystream between two attempts at one part", async () => {
    const zeros = Buffer.alloc(1000);
    const attempts = [1, 2].map((fill) =>
      drain(sealPart(inPieces(zeros, 1000), upload, part(1, 1000, fill))),
    );
    const [first, second] = await Promise.all(attempts);
    assert.notDeepEqual(first?.bytes, second?.bytes);
  });

  it("refuses parts that were swapped, dropped, repeated, cut, extended, or sealed under another number or salt", async () => {
    const { manifest, plaintext, stored } = await sealedParts([
      part(1, C + 7),
      part(2, C + 7),
      part(3, 20),
    ]);
    const [one, two, three] = stored as [Buffer, Buffer, Buffer];
    const whole = { offset: 0, length: plaintext.byteLength };
    const other = await sealedParts([part(1, C + 7, 77)]);
    for (const wrong of [
      [two, one, three],
      [one, three],
      [one, one, three],
      [one, two, three.subarray(1)],
      [one, two, three.subarray(0, -1)],
      [other.stored[0] as Buffer, two, three],
    ]) {
      const span = partsSpanOf(manifest, whole);
      const { bytes, error } = await drain(
        openParts(inPieces(Buffer.concat(wrong), 5000), upload, { span, lead: 0, surplus: 0 }),
      );
      assert.ok(isFault(error, "crypto.integrity"));
      assert.ok(bytes.equals(plaintext.subarray(0, bytes.byteLength)), "a wrong byte was released");
    }
  });
});
