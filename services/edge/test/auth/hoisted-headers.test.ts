import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withHoistedHeaders } from "../../src/auth/hoisted-headers.ts";
import type { Incoming } from "../../src/incoming.ts";
import { S3Error } from "../../src/s3/errors.ts";
import { Query } from "../../src/s3-request.ts";

function incoming(query: [string, string][], headers: Record<string, string> = {}): Incoming {
  const signable = { method: "PUT", rawPath: "/b/k", rawQuery: "", headers: [] };
  return { method: "PUT", signable, headers, bucket: "b", key: "k", query: new Query(query) };
}

describe("withHoistedHeaders", () => {
  it("reads what an SDK moved into the query, as latin-1 bytes", () => {
    const read = withHoistedHeaders(
      incoming([
        ["x-amz-meta-a", "é"],
        ["X-Amz-Acl", "private"],
        ["X-Amz-Date", "d"],
        ["X-Amz-Signature", "s"],
        ["versionId", "v"],
      ]),
    );
    assert.deepEqual({ ...read.headers }, { "x-amz-meta-a": "Ã©", "x-amz-acl": "private" });
  });

  it("leaves a request alone that hoists nothing", () => {
    const plain = incoming([["X-Amz-Expires", "5"]], { host: "h" });
    assert.equal(withHoistedHeaders(plain), plain);
  });

  it("refuses a header that says something else", () => {
    const refused = (error: unknown) => error instanceof S3Error && error.code === "InvalidRequest";
    assert.throws(
      () => withHoistedHeaders(incoming([["x-amz-acl", "a"]], { "x-amz-acl": "b" })),
      refused,
    );
    assert.throws(
      () =>
        withHoistedHeaders(
          incoming([
            ["x-amz-acl", "a"],
            ["x-amz-acl", "b"],
          ]),
        ),
      refused,
    );
  });
});
