import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { headBackend } from "../src/backend-head.ts";
import { Query, type S3Request } from "../src/s3-request.ts";
import { MemoryBackend } from "./memory-backend.ts";
import { STANDARD } from "./running-edge.ts";

describe("headBackend", () => {
  it("asks for the version, as the principal, under conditions, with what the request says of itself", async () => {
    const backend = new MemoryBackend();
    const request = {
      id: "R",
      bucket: "photos",
      key: "cat",
      query: new Query([
        ["versionId", "7"],
        ["response-expires", "never"],
      ]),
      headers: { "x-amz-request-payer": "requester", "x-other": "1" },
      principal: { identity: "THEM" },
      policy: STANDARD,
      signal: new AbortController().signal,
    } as unknown as S3Request;
    const asked = { query: [["partNumber", "1"]] as const, conditions: { "if-match": '"e"' } };
    await headBackend(request, { backend }, asked);
    const { method, bucket, key, query, headers, identity } = backend.last("HEAD").request;
    assert.deepEqual([method, bucket, key, identity], ["HEAD", "photos", "cat", "THEM"]);
    assert.deepEqual(query, [
      ["response-expires", "never"],
      ["partNumber", "1"],
      ["versionId", "7"],
    ]);
    assert.deepEqual(headers, { "x-amz-request-payer": "requester", "if-match": '"e"' });
  });
});
