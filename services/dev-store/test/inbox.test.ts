import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseQuery } from "@s3eg/shared/s3/names.ts";
import { findOperation } from "../src/inbox.ts";

function nameOf(line: string, headers: Record<string, string> = {}): string {
  const [method = "", path = ""] = line.split(" ");
  const [target = "", query = ""] = path.split("?");
  const [, bucket = "", key = ""] = target.split("/");
  return findOperation({ method, bucket, key, headers, query: new Map(parseQuery(query)) }).name;
}

describe("findOperation", () => {
  it("tells operations apart by method, level, parameters and headers", () => {
    const copy = { "x-amz-copy-source": "/a/b" };
    for (const [line, name, headers] of [
      ["GET /", "ListBuckets"],
      ["GET /b", "ListObjects"],
      ["GET /b?list-type=2&prefix=a", "ListObjectsV2"],
      ["GET /b?versions", "ListObjectVersions"],
      ["GET /b?versioning", "GetBucketVersioning"],
      ["PUT /b", "CreateBucket"],
      ["PUT /b?versioning", "PutBucketVersioning"],
      ["PUT /b/k?x-id=PutObject", "PutObject"],
      ["PUT /b/k", "CopyObject", copy],
      ["PUT /b/k?partNumber=1&uploadId=u", "UploadPart"],
      ["PUT /b/k?partNumber=1&uploadId=u", "UploadPartCopy", copy],
      ["POST /b/k?uploads", "CreateMultipartUpload"],
      ["POST /b/k?uploadId=u", "CompleteMultipartUpload"],
      ["DELETE /b/k?uploadId=u", "AbortMultipartUpload"],
      ["GET /b/k?uploadId=u", "ListParts"],
      ["GET /b/k?partNumber=1&X-Amz-Signature=x", "GetObject"],
    ] as const) {
      assert.equal(nameOf(line, headers), name, line);
    }
  });

  it("refuses what it does not know instead of taking it for something near", () => {
    for (const line of [
      "PUT /b/k?acl",
      "PUT /b/k?retention",
      "PUT /b/k?no-such-thing",
      "PUT /b/k?uploadId=u",
      "DELETE /b?policy",
      "GET /b?website",
      "DELETE /b/k?uploadId=u&tagging",
      "POST /b",
      "POST /b/k",
      "OPTIONS /b/k",
      "PUT /",
    ]) {
      assert.throws(() => nameOf(line), { code: "NotImplemented" }, line);
    }
    assert.throws(() => nameOf("PATCH /b/k"), { code: "MethodNotAllowed" });
  });
});
