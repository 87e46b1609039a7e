import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readingHeaders } from "../src/reading-headers.ts";

describe("the headers of a further read", () => {
  it("are the customer's key, the owner and the payer, and no condition", () => {
    const along = {
      "x-amz-server-side-encryption-customer-key": "k",
      "x-amz-expected-bucket-owner": "o",
      "x-amz-request-payer": "requester",
    };
    assert.deepEqual(readingHeaders({ ...along, "if-match": '"e"', range: "bytes=0-" }), along);
    assert.deepEqual(readingHeaders(undefined), {});
  });
});
