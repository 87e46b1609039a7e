import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { objectConditions, rangeOf, sourceConditions } from "../../src/s3/conditions.ts";

const SHOWN = '"d41d8cd98f00b204e9800998ecf8427e-0"';
const STORED = '"d41d8cd98f00b204e9800998ecf8427e"';
const DATE = "Thu, 01 Jan 2026 00:00:00 GMT";
const HEADERS = {
  "if-match": SHOWN,
  "if-none-match": "*",
  "if-modified-since": DATE,
  "x-amz-copy-source-if-none-match": SHOWN,
  "x-amz-copy-source-if-unmodified-since": DATE,
  range: "bytes=0-1",
  "content-type": "text/plain",
};

describe("conditions", () => {
  it("of a request are those on its object, with the backend's ETags and nothing else", () => {
    const mapped = { "if-match": STORED, "if-none-match": "*", "if-modified-since": DATE };
    assert.deepEqual(objectConditions(HEADERS), mapped);
  });

  it("of a copy on its source take the names that a read of the source has", () => {
    const mapped = { "if-none-match": STORED, "if-unmodified-since": DATE };
    assert.deepEqual(sourceConditions(HEADERS), mapped);
  });
});

describe("rangeOf", () => {
  it("is the Range header, unless it depends on If-Range", () => {
    assert.equal(rangeOf(HEADERS), "bytes=0-1");
    assert.equal(rangeOf({ ...HEADERS, "if-range": SHOWN }), undefined);
    assert.equal(rangeOf({}), undefined);
  });
});
