import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { S3_ERRORS, S3Error, s3Error } from "../../src/s3/errors.ts";

describe("s3Error", () => {
  it("is a row of the table", () => {
    const { code, status, message, fields, headers } = s3Error("SlowDown");
    assert.deepEqual({ status, message }, S3_ERRORS.SlowDown);
    assert.deepEqual([code, fields, headers], ["SlowDown", {}, {}]);
  });

  it("has a message, elements, headers and a cause of its own where they are given", () => {
    const cause = new Error("why");
    const own = { message: "m", fields: { Header: "h" }, headers: { allow: "GET" } };
    const error = s3Error("NotImplemented", { ...own, cause });
    assert.ok(error instanceof S3Error);
    const { status, message, fields, headers } = error;
    assert.deepEqual([status, { message, fields, headers }], [501, own]);
    assert.equal(error.cause, cause);
  });
});
