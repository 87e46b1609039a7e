import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { regionPlaceOf } from "../../src/multipart/region-place.ts";
import type { PartAttempt } from "../../src/multipart-state/multipart-state.ts";
import { MIN_PART, refusedAs } from "./running-uploads.ts";

function attempt(partNumber: number, isParked = false): PartAttempt {
  const salt = new Uint8Array(16);
  const base = { partNumber, salt, size: MIN_PART, uploadedAtMs: 0, isParked };
  return { ...base, etag: `"${partNumber}"`, sequence: partNumber };
}

const numbered = (...numbers: number[]) => numbers.map((number) => attempt(number));

describe("regionPlaceOf", () => {
  it("is behind a parked last part, in its number", () => {
    const parts = [attempt(3), attempt(10_000, true)];
    assert.deepEqual(regionPlaceOf(parts, parts), {
      kind: "joined",
      partNumber: 10_000,
      partCount: 2,
    });
  });

  it("is a number that no attempt has", () => {
    for (const [named, all, partNumber] of [
      [[1, 2], [1, 2], 3],
      [[1], [1, 2, 3], 4],
      [[1, 2], [1, 2, 10_000], 3],
      [[9_998], [9_998, 9_999, 10_000], 9_999],
    ] as const) {
      const place = regionPlaceOf(numbered(...named), numbered(...all));
      assert.deepEqual(place, { kind: "own", partNumber, partCount: named.length + 1 });
    }
  });

  it("is beside the object where the upload is so, or all ten thousand parts are there", () => {
    const parts = [attempt(1), attempt(2, true)];
    assert.equal(regionPlaceOf(parts, parts, true).kind, "beside");
    assert.equal(regionPlaceOf(parts, parts, true).partCount, 2);
    const all = numbered(...Array.from({ length: 10_000 }, (_, index) => index + 1));
    assert.deepEqual(regionPlaceOf(all, all), {
      kind: "beside",
      partNumber: 10_000,
      partCount: 10_000,
    });
  });

  it("is not there where part 10 000 is the last and on the backend", () => {
    assert.throws(
      () => regionPlaceOf(numbered(10_000), numbered(10_000)),
      refusedAs("InvalidPart"),
    );
    assert.throws(() => regionPlaceOf([], []), refusedAs("InvalidPart"));
  });
});
