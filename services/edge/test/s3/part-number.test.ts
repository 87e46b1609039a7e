import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noSuchPart, partNumberOf } from "../../src/s3/part-number.ts";
import { Query } from "../../src/s3-request.ts";

const part = (value: string, headers = {}) =>
  partNumberOf({ query: new Query([["partNumber", value]]), headers });

describe("partNumberOf", () => {
  it("is a number from 1 to 10000", () => {
    assert.deepEqual([part("1"), part("10000")], [1, 10_000]);
    assert.equal(partNumberOf({ query: new Query([]), headers: {} }), undefined);
    for (const value of ["", "0", "10001", "-1", "1.5", "x", "1e3"]) {
      assert.throws(() => part(value), { code: "InvalidArgument" }, value);
    }
  });

  it("goes with no range", () => {
    assert.throws(() => part("1", { range: "bytes=0-1" }), { code: "InvalidRequest" });
  });
});

describe("noSuchPart", () => {
  it("says how many parts there are", () => {
    const { code, fields } = noSuchPart(7);
    assert.equal(code, "InvalidPartNumber");
    assert.deepEqual(fields, { ActualPartCount: 1, PartNumberRequested: 7 });
  });
});
