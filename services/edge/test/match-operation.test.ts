import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseQuery } from "@s3eg/shared/s3/names.ts";
import { OPERATIONS } from "../src/inbox.ts";
import { type Asking, operationMatcher } from "../src/match-operation.ts";

const match = operationMatcher(OPERATIONS);

/** `PUT /b/k?x`, and headers. */
function ask(line: string, headers: Record<string, string> = {}): string {
  const [method = "", target = ""] = line.split(" ");
  const [path = "", query = ""] = target.split("?");
  const [, bucket = "", ...key] = path.split("/");
  const asking: Asking = { method, bucket, key: key.join("/"), query: parseQuery(query), headers };
  return match(asking).name;
}

describe("operationMatcher", () => {
  for (const [line, name] of [
    ["GET /", "ListBuckets"],
    ["GET /?x-id=ListBuckets", "ListBuckets"],
    ["PUT /b", "CreateBucket"],
    ["HEAD /b", "HeadBucket"],
    ["DELETE /b", "DeleteBucket"],
    ["GET /b?location", "GetBucketLocation"],
    ["GET /b", "ListObjects"],
    ["GET /b?prefix=&marker=&delimiter=&encoding-type=url&max-keys=1", "ListObjects"],
    ["GET /b?list-type=2", "ListObjectsV2"],
    ["GET /b?list-type=2&continuation-token=&start-after=&fetch-owner=", "ListObjectsV2"],
    ["POST /b?delete", "DeleteObjects"],
    ["PUT /b/k", "PutObject"],
    ["PUT /b/k?x-id=PutObject", "PutObject"],
    ["PUT /b/k?X-Amz-Signature=a&X-Amz-Date=b&other=c", "PutObject"],
    ["GET /b/k", "GetObject"],
    ["GET /b/k?versionId=", "GetObject"],
    ["GET /b/k?response-content-type=", "GetObject"],
    ["HEAD /b/k", "HeadObject"],
    ["DELETE /b/k?versionId=1", "DeleteObject"],
  ] as const) {
    it(`takes ${line} for ${name}`, () => {
      assert.equal(ask(line), name);
    });
  }

  it("tells a copy by its header, on objects alone", () => {
    const copy = { "x-amz-copy-source": "/b/k" };
    assert.equal(ask("PUT /b/k", copy), "CopyObject");
    assert.equal(ask("PUT /b", copy), "CreateBucket");
    assert.throws(() => ask("GET /b/k", copy), { code: "NotImplemented" });
    assert.throws(() => ask("DELETE /b/k", copy), { code: "NotImplemented" });
  });

  for (const line of [
    "PUT /b/k?whatever",
    "PUT /b/k?whatever=",
    "PUT /b?whatever",
    "DELETE /b?whatever",
    "DELETE /b/k?whatever",
    "GET /b?whatever",
    "GET /b/k?ACL",
    "PUT /b/k?Tagging",
    "PUT /b/k?encryption",
    "PUT /b/k?renameObject",
    "PUT /b/k?append&position=3",
    "POST /b/k?select&select-type=2",
    "GET /b/k?torrent",
    "PUT /b/k?acl&tagging",
    "DELETE /b?policy&website",
    "GET /b?list-type=2&versions",
    "POST /b/k",
  ]) {
    it(`refuses ${line}: it falls through to nothing else`, () => {
      assert.throws(() => ask(line), { code: "NotImplemented" });
    });
  }

  for (const method of ["POST", "PUT", "DELETE", "HEAD"]) {
    it(`says of ${method} on the service that it is not allowed`, () => {
      assert.throws(() => ask(`${method} /`), { code: "MethodNotAllowed" });
    });
  }

  for (const method of ["PATCH", "TRACE", "PROPFIND", "get"]) {
    it(`says of ${method} that it is not allowed`, () => {
      assert.throws(() => ask(`${method} /b/k`), { code: "MethodNotAllowed" });
    });
  }
});
