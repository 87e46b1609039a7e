import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { legacyHeaders } from "../../src/legacy/legacy-headers.ts";

describe("headers of an object of format 1", () => {
  it("show the client's content headers and metadata, and nothing of the gateway's", () => {
    const shown = legacyHeaders({
      etag: "e",
      "content-type": "binary/octet-stream",
      "x-amz-meta-mine": "1",
      "x-amz-meta-encrypted": "true",
      "x-amz-meta-encryption-iv": "iv",
      "x-amz-meta-encryption-content-type": "text/plain",
      "x-amz-meta-encryption-cache-control": "no-store",
      "x-amz-meta-encryption-content-disposition": "inline",
      "x-amz-meta-original-content-length": "5",
    });
    assert.deepEqual(shown, {
      etag: "e",
      "content-type": "text/plain",
      "cache-control": "no-store",
      "content-disposition": "inline",
      "x-amz-meta-mine": "1",
    });
  });

  it("of the first release come from where it kept them", () => {
    const shown = legacyHeaders({
      "content-type": "application/octet-stream",
      "x-amz-meta-x-amz-meta-encrypted": "true",
      "x-amz-meta-content-type": "text/plain",
      "x-amz-meta-content-length": "5",
    });
    assert.deepEqual(shown, { "content-type": "text/plain" });
  });

  it("of any other object stay as they are", () => {
    const headers = { "x-amz-meta-encryption-iv": "mine", "x-amz-meta-content-type": "x" };
    assert.equal(legacyHeaders(headers), headers);
  });
});
