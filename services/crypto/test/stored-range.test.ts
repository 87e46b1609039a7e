import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chunkSpanOf, storedSizeOf } from "@s3eg/shared/format/sizes.ts";
import { resolveRange } from "@s3eg/shared/s3/range.ts";
import fc from "fast-check";
import { guessStoredRange, parseContentRange, placeRange } from "../src/stored-range.ts";
import { C } from "./running-crypto.ts";

const SEALED = C + 16;

/** What a faithful backend answers to a range of an object with `total` stored bytes. */
function answered(request: string, total: number) {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(request) ?? [];
  const start = first === "" ? Math.max(0, total - Number(last)) : Number(first);
  const end = first === "" || last === "" ? total - 1 : Math.min(Number(last), total - 1);
  return { start, end, total };
}

describe("the guess", () => {
  it("covers the chunks of a range from the front", () => {
    assert.equal(guessStoredRange({ first: 0, last: 0 }), `bytes=0-${SEALED - 1}`);
    assert.equal(guessStoredRange({ first: C - 1, last: C }), `bytes=0-${2 * SEALED - 1}`);
    assert.equal(guessStoredRange({ first: C, last: C }), `bytes=${SEALED}-${2 * SEALED - 1}`);
    assert.equal(guessStoredRange({ first: 3 * C }), `bytes=${3 * SEALED}-`);
  });

  it("of a suffix is bounded, however much is asked for", () => {
    const [, length] = /^bytes=-(\d+)$/.exec(guessStoredRange({ suffix: 1e15 })) ?? [];
    assert.ok(Number(length) < 2 ** 33);
  });

  it("holds every wanted byte, for every range and size", () => {
    const size = fc.integer({ min: 1, max: 5 * C });
    const range = fc.oneof(
      fc.record({ first: fc.nat(5 * C), length: fc.nat(3 * C) }).map(({ first, length }) => ({
        first,
        last: first + length,
      })),
      fc.record({ first: fc.nat(5 * C) }),
      fc.record({ suffix: fc.integer({ min: 1, max: 6 * C }) }),
    );
    fc.assert(
      fc.property(size, range, (bytes, wished) => {
        if ("first" in wished && wished.first >= bytes) return;
        const wanted = resolveRange(wished, bytes);
        const request = guessStoredRange(wished);
        const part = answered(request, storedSizeOf(bytes));
        const { span, lead, surplus, length } = placeRange(wanted, bytes, { part, request });
        assert.deepEqual(span, chunkSpanOf(wanted.offset, wanted.length, bytes));
        assert.equal(length, wanted.length);
        assert.equal(lead + span.storedLength + surplus, part.end - part.start + 1);
        assert.ok(lead >= 0 && surplus >= 0);
      }),
    );
  });
});

describe("a backend's part", () => {
  it("is believed only where it is what the request predicts, to the byte", () => {
    const size = 3 * C;
    const wanted = { offset: C, length: C };
    const request = guessStoredRange({ first: C, last: 2 * C - 1 });
    const part = answered(request, storedSizeOf(size));
    assert.doesNotThrow(() => placeRange(wanted, size, { part, request }));
    for (const wrong of [
      { start: part.start - 1 },
      { start: part.start + 1 },
      { start: 0 },
      { end: part.end - 1 },
      { end: part.end + 1 },
      { end: part.total - 1 },
      { total: part.total + 1 },
      { total: part.total - 1 },
    ]) {
      const told = { ...part, ...wrong };
      assert.throws(() => placeRange(wanted, size, { part: told, request }), {
        code: "crypto.integrity",
      });
    }
  });

  it("is read from Content-Range, if it has that form alone", () => {
    assert.deepEqual(parseContentRange("bytes 0-4/5"), { start: 0, end: 4, total: 5 });
    for (const value of [
      undefined,
      "",
      "bytes */5",
      "bytes 0-4/*",
      "bytes 0-5/5",
      "bytes 4-3/5",
      "bytes 0-4/5, bytes 0-4/5",
      "items 0-4/5",
      "bytes -1-4/5",
      "bytes 0-4/99999999999999999",
    ]) {
      assert.equal(parseContentRange(value), undefined, value);
    }
  });
});
