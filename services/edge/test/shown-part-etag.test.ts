import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { shownPartEtag } from "../src/shown-part-etag.ts";

const BACKEND = `"${"a".repeat(32)}"`;
const MARKED = `"${"a".repeat(32)}-0"`;
const MD5 = "b".repeat(32);

describe("the ETag of a part", () => {
  for (const [etag, md5, shown] of [
    ["opaque", undefined, MARKED],
    ["opaque", MD5, MARKED],
    ["md5", MD5, `"${MD5}"`],
    ["md5", undefined, MARKED],
  ] as const) {
    it(`is ${shown === MARKED ? "the backend's, marked" : "the MD5"}: ${etag}, MD5 ${md5 ? "known" : "unknown"}`, () => {
      assert.equal(shownPartEtag({ etag }, BACKEND, md5), shown);
    });
  }
});
