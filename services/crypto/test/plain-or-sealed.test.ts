import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { visibleHeaders } from "../src/plain-or-sealed.ts";

describe("plain or sealed", () => {
  it("hides every field of the gateway's own, and nothing else", () => {
    const headers = {
      "x-amz-meta-s3eg": "a",
      "x-amz-meta-s3eg-m": "b",
      "x-amz-meta-s3": "c",
      etag: "d",
    };
    assert.deepEqual(visibleHeaders(headers), { "x-amz-meta-s3": "c", etag: "d" });
  });
});
