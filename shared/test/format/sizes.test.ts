import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { CHUNK_BYTES, MAX_OBJECT_BYTES, SEALED_CHUNK_BYTES } from "../../src/format/layout.ts";
import {
  chunkCountOf,
  chunkSpanOf,
  plaintextSizeOf,
  storedSizeOf,
} from "../../src/format/sizes.ts";

const C = CHUNK_BYTES;

describe("sizes (format.md §6)", () => {
  for (const [size, stored] of [
    [0, 144],
    [1, 145],
    [C - 1, C - 1 + 144],
    [C, C + 144],
    [C + 1, C + 1 + 160],
    [2 * C, 2 * C + 160],
  ] as const) {
    it(`stores ${size} bytes as ${stored}`, () => assert.equal(storedSizeOf(size), stored));
  }

  it("fills a single PUT of 5 GiB exactly at most", () => {
    const limit = 5 * 1024 ** 3;
    assert.ok(storedSizeOf(MAX_OBJECT_BYTES) <= limit);
    assert.ok(storedSizeOf(MAX_OBJECT_BYTES + 1) > limit);
  });

  it("gives the plaintext size back from the stored size", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_OBJECT_BYTES }), (size) => {
        assert.equal(plaintextSizeOf(storedSizeOf(size)), size);
      }),
    );
  });

  it("knows stored sizes that no plaintext gives", () => {
    for (const stored of [0, 1, 143, C + 145, C + 160, Number.NaN, 144.5, -1]) {
      assert.equal(plaintextSizeOf(stored), undefined, String(stored));
    }
  });

  it("covers every range with whole chunks and no byte more", () => {
    const ranges = fc
      .integer({ min: 1, max: 5 * C })
      .chain((size) =>
        fc
          .tuple(fc.constant(size), fc.integer({ min: 0, max: size - 1 }))
          .chain(([total, offset]) =>
            fc.tuple(
              fc.constant(total),
              fc.constant(offset),
              fc.integer({ min: 1, max: total - offset }),
            ),
          ),
      );
    fc.assert(
      fc.property(ranges, ([size, offset, length]) => {
        const span = chunkSpanOf(offset, length, size);
        const lastChunk = span.firstChunk + span.chunks - 1;
        assert.equal(span.storedOffset, span.firstChunk * SEALED_CHUNK_BYTES);
        assert.equal(span.firstChunk * C + span.skip, offset);
        assert.ok(lastChunk * C < offset + length && offset + length <= (lastChunk + 1) * C);
        const isLastOfObject = lastChunk === chunkCountOf(size) - 1;
        const stored = isLastOfObject
          ? storedSizeOf(size) - 128
          : (lastChunk + 1) * SEALED_CHUNK_BYTES;
        assert.equal(span.storedOffset + span.storedLength, stored);
      }),
    );
  });
});
