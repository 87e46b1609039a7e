import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "../../src/faults.ts";
import { contentRange, parseRange, resolveRange } from "../../src/s3/range.ts";

describe("parseRange (RFC 9110 §14.1.2)", () => {
  for (const [header, range] of [
    ["bytes=0-9", { first: 0, last: 9 }],
    ["bytes=5-", { first: 5 }],
    ["bytes=-7", { suffix: 7 }],
    ["bytes=-0", { suffix: 0 }],
    ["bytes=3-3", { first: 3, last: 3 }],
    [undefined, undefined],
    ["bytes=9-0", undefined],
    ["bytes=-", undefined],
    ["bytes=0-1,4-5", undefined],
    ["lines=0-9", undefined],
    ["bytes=a-b", undefined],
    ["bytes = 0-1", undefined],
    ["bytes=0 -1", undefined],
  ] as const) {
    it(`reads ${header}`, () => assert.deepEqual(parseRange(header), range));
  }
});

describe("resolveRange", () => {
  for (const [range, size, part] of [
    [{ first: 0, last: 9 }, 100, { offset: 0, length: 10 }],
    [{ first: 90, last: 200 }, 100, { offset: 90, length: 10 }],
    [{ first: 99 }, 100, { offset: 99, length: 1 }],
    [{ suffix: 7 }, 100, { offset: 93, length: 7 }],
    [{ suffix: 700 }, 100, { offset: 0, length: 100 }],
  ] as const) {
    it(`lays ${JSON.stringify(range)} over ${size} bytes`, () => {
      assert.deepEqual(resolveRange(range, size), part);
    });
  }

  for (const [range, size] of [
    [{ first: 100 }, 100],
    [{ suffix: 0 }, 100],
    [{ first: 0 }, 0],
    [{ suffix: 5 }, 0],
  ] as const) {
    it(`refuses ${JSON.stringify(range)} of ${size} bytes, and says the size`, () => {
      assert.throws(
        () => resolveRange(range, size),
        (error) => isFault(error, "crypto.invalid-range") && error.details.size === size,
      );
    });
  }
});

describe("contentRange", () => {
  it("names first byte, last byte and size", () => {
    assert.equal(contentRange({ offset: 5, length: 10 }, 100), "bytes 5-14/100");
  });
});
