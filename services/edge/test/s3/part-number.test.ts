import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noSuchPart, partHeaders, partNumberOf } from "../../src/s3/part-number.ts";
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
    const { code, fields } = noSuchPart(7, 3);
    assert.equal(code, "InvalidPartNumber");
    assert.deepEqual(fields, { ActualPartCount: 3, PartNumberRequested: 7 });
  });
});

describe("partHeaders", () => {
  const checksum = { algorithm: "crc32", type: "COMPOSITE", value: "AAAAAA==" } as const;

  it("say how many parts there are, and the part's checksum to who asks for it", () => {
    const counted = { "x-amz-mp-parts-count": "3" };
    assert.deepEqual(partHeaders({}, { count: 3, checksum }), counted);
    assert.deepEqual(partHeaders({ "x-amz-checksum-mode": "ENABLED" }, { count: 3, checksum }), {
      ...counted,
      "x-amz-checksum-crc32": "AAAAAA==",
      "x-amz-checksum-type": "COMPOSITE",
    });
    assert.deepEqual(partHeaders({}, undefined), {});
  });
});
