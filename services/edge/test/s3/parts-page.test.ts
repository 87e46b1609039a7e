import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { partsPage } from "../../src/s3/parts-page.ts";

const PARTS = [1, 4, 6].map((partNumber) => ({ partNumber }));

const pageOf = (maxParts?: string, marker?: string, parts = PARTS) =>
  partsPage(parts, { marker: ["marker", marker], maxParts: ["max", maxParts] });

describe("partsPage", () => {
  it("is what lies behind the marker, as much as was asked for", () => {
    assert.deepEqual(pageOf("2", "1"), {
      page: [{ partNumber: 4 }, { partNumber: 6 }],
      marker: 1,
      maxParts: 2,
      isTruncated: false,
    });
    assert.deepEqual(pageOf("1").page, [{ partNumber: 1 }]);
    assert.equal(pageOf("1").isTruncated, true);
    assert.deepEqual(pageOf(undefined, "6").page, []);
  });

  it("has a thousand parts at most", () => {
    const many = Array.from({ length: 1001 }, (_, at) => ({ partNumber: at + 1 }));
    for (const asked of [undefined, "9999"]) {
      const { page, maxParts, isTruncated } = pageOf(asked, undefined, many);
      assert.deepEqual([page.length, maxParts, isTruncated], [1000, 1000, true]);
    }
  });

  it("refuses what is no number, and names it", () => {
    for (const text of ["", "-1", "x", "1.5", "1".repeat(10)]) {
      const fields = { ArgumentName: "max", ArgumentValue: text };
      assert.throws(() => pageOf(text), { code: "InvalidArgument", fields });
    }
  });
});
