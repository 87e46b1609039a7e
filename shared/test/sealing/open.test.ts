import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isFault } from "../../src/faults.ts";
import { CHUNK_BYTES, SEALED_CHUNK_BYTES } from "../../src/format/layout.ts";
import { chunkSpanOf } from "../../src/format/sizes.ts";
import { type Opening, openBody } from "../../src/sealing/open.ts";
import { drain, fixedKeys, inPieces, plaintextOf, sealed } from "./sealed-fixture.ts";

const C = CHUNK_BYTES;
const S = SEALED_CHUNK_BYTES;
const SIZES = [0, 1, 16, C - 1, C, C + 1, 2 * C - 1, 2 * C, 2 * C + 1];

async function open(
  stored: Buffer,
  size: number,
  more: Partial<Opening> & { pieceBytes?: number } = {},
) {
  const { pieceBytes = 50_000, ...opening } = more;
  const suite = opening.suite ?? 1;
  return await drain(
    openBody(inPieces(stored, pieceBytes), { keys: fixedKeys(suite), suite, size, ...opening }),
  );
}

/** Opens what must not open: a prefix of the plaintext at most, and never a clean end. */
async function assertRefused(
  stored: Buffer,
  plaintext: Buffer,
  more: Partial<Opening> = {},
): Promise<void> {
  const { bytes, error } = await open(stored, plaintext.byteLength, more);
  assert.ok(isFault(error, "crypto.integrity"), String(error));
  assert.ok(bytes.byteLength < Math.max(1, plaintext.byteLength));
  assert.ok(bytes.equals(plaintext.subarray(0, bytes.byteLength)), "a wrong byte was released");
}

describe("openBody, whole objects", () => {
  for (const suite of [1, 2] as const) {
    for (const size of SIZES) {
      it(`opens ${size} bytes of suite ${suite}, fed in any pieces`, async () => {
        const plaintext = plaintextOf(size);
        const stored = await sealed(plaintext, suite);
        for (const pieceBytes of size < 70_000 ? [1, 17, 65_536] : [313, 65_553, 1_000_000]) {
          const { bytes, error } = await open(stored, size, { suite, pieceBytes });
          assert.equal(error, undefined);
          assert.ok(bytes.equals(plaintext));
        }
      });
    }
  }

  it("refuses a flipped bit anywhere", async () => {
    const plaintext = plaintextOf(C + 50);
    const stored = await sealed(plaintext);
    const regions = [
      0,
      100,
      C - 1,
      C,
      C + 15,
      S,
      S + 49,
      S + 50,
      S + 65,
      S + 66,
      stored.byteLength - 1,
    ];
    for (const at of regions) {
      for (const bit of [0, 7]) {
        const changed = Buffer.from(stored);
        changed.writeUInt8(changed.readUInt8(at) ^ (1 << bit), at);
        await assertRefused(changed, plaintext);
      }
    }
  });

  it("refuses any flipped bit (property)", async () => {
    const plaintext = plaintextOf(300);
    const stored = await sealed(plaintext);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: stored.byteLength * 8 - 1 }), async (at) => {
        const changed = Buffer.from(stored);
        changed.writeUInt8(changed.readUInt8(at >> 3) ^ (1 << (at & 7)), at >> 3);
        await assertRefused(changed, plaintext);
      }),
    );
  });

  it("refuses truncation, extension, and dropped, repeated, swapped or foreign chunks", async () => {
    const plaintext = plaintextOf(3 * C + 20);
    const stored = await sealed(plaintext);
    const chunk = (index: number) => stored.subarray(index * S, (index + 1) * S);
    const rest = stored.subarray(3 * S);
    const other = await sealed(plaintextOf(3 * C + 20), 2);
    const variants = [
      stored.subarray(0, -1),
      stored.subarray(0, -128),
      stored.subarray(0, 2 * S),
      Buffer.alloc(0),
      Buffer.concat([stored, Buffer.of(0)]),
      Buffer.concat([stored, stored]),
      Buffer.concat([chunk(1), chunk(2), rest]),
      Buffer.concat([chunk(0), chunk(0), chunk(2), rest]),
      Buffer.concat([chunk(1), chunk(0), chunk(2), rest]),
      Buffer.concat([chunk(0), chunk(1), other.subarray(2 * S, 3 * S), rest]),
      Buffer.concat([
        chunk(0),
        chunk(1),
        chunk(2),
        chunk(2).subarray(0, 36),
        stored.subarray(-128),
      ]),
    ];
    for (const variant of variants) await assertRefused(variant, plaintext);
  });

  it("holds the last chunk until the trailer verified", async () => {
    const plaintext = plaintextOf(100);
    const stored = await sealed(plaintext);
    stored.writeUInt8(stored.readUInt8(stored.byteLength - 1) ^ 1, stored.byteLength - 1);
    const { bytes, error } = await open(stored, 100);
    assert.equal(bytes.byteLength, 0);
    assert.ok(isFault(error, "crypto.integrity"));
  });

  it("refuses another size than the one that was sealed", async () => {
    const plaintext = plaintextOf(2 * C);
    const stored = await sealed(plaintext);
    for (const size of [0, 1, C, 2 * C - 1, 2 * C + 1, 3 * C]) {
      const { error } = await open(stored, size);
      assert.ok(isFault(error, "crypto.integrity"), String(size));
    }
  });
});

describe("openBody, ranges", () => {
  const size = 3 * C + 20;
  const plaintext = plaintextOf(size);

  it("opens any range, with any stored bytes around it dropped", async () => {
    const stored = await sealed(plaintext);
    const ranges = fc
      .nat({ max: size - 1 })
      .chain((offset) =>
        fc.tuple(
          fc.constant(offset),
          fc.integer({ min: 1, max: size - offset }),
          fc.nat({ max: 200 }),
          fc.nat({ max: 200 }),
        ),
      );
    await fc.assert(
      fc.asyncProperty(ranges, async ([offset, length, before, after]) => {
        const span = chunkSpanOf(offset, length, size);
        const end = span.storedOffset + span.storedLength;
        const lead = Math.min(before, span.storedOffset);
        const surplus = Math.min(after, stored.byteLength - end);
        const part = stored.subarray(span.storedOffset - lead, end + surplus);
        const { bytes, error } = await open(part, size, { range: { span, length, lead, surplus } });
        assert.equal(error, undefined);
        assert.ok(bytes.equals(plaintext.subarray(offset, offset + length)));
      }),
      { numRuns: 40 },
    );
  });

  it("refuses a range whose bytes are cut, too many, or from another place", async () => {
    const stored = await sealed(plaintext);
    const span = chunkSpanOf(C + 5, C, size);
    const range = { span, length: C, lead: 0, surplus: 0 };
    const part = stored.subarray(span.storedOffset, span.storedOffset + span.storedLength);
    const wanted = plaintext.subarray(C + 5, 2 * C + 5);
    for (const wrong of [
      part.subarray(0, -1),
      Buffer.concat([part, Buffer.of(0)]),
      stored.subarray(0, span.storedLength),
      Buffer.concat([part.subarray(S), part.subarray(0, S)]),
    ]) {
      const { bytes, error } = await open(wrong, size, { range });
      assert.ok(isFault(error, "crypto.integrity"));
      assert.ok(
        bytes.equals(wanted.subarray(0, bytes.byteLength)) &&
          bytes.byteLength < wanted.byteLength + 1,
      );
    }
  });
});
