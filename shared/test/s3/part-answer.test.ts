import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isPartIgnored, PARTS_UNTOLD } from "../../src/s3/part-answer.ts";

const SINGLE = { etag: '"ab"', "content-length": "9" };
const MULTI = { etag: '"ab-2"', "content-length": "9" };

describe("an answer to partNumber", () => {
  for (const [what, status, headers, part, isIgnored] of [
    ["206", 206, MULTI, 2, false],
    ["200 for all of an object in one piece", 200, SINGLE, 1, false],
    ["200 for part 1 of one", 200, { ...MULTI, etag: '"ab-1"' }, 1, false],
    ["200 for an empty part", 200, { ...MULTI, "content-length": "0" }, 2, false],
    ["200 for part 1 of two", 200, MULTI, 1, true],
    ["200 for part 2", 200, SINGLE, 2, true],
  ] as const) {
    it(`${what} is ${isIgnored ? "the whole object" : "the part"}`, () => {
      assert.equal(isPartIgnored({ status, headers }, part), isIgnored);
    });
  }

  it("that is none is refused by name", () => {
    assert.match(PARTS_UNTOLD, /not sealed/);
  });
});
