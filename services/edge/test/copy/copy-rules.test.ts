import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkCopy, checkPlainSource } from "../../src/copy/copy-rules.ts";
import type { S3Request } from "../../src/s3-request.ts";

const place = { bucket: "photos", key: "cat" };
const check = (headers: Record<string, string>, source = {}) =>
  checkCopy({ ...place, headers } as unknown as S3Request, { ...place, place, ...source });

describe("checkCopy", () => {
  it("lets a copy onto itself be if it changes something or names a version", () => {
    check({ "x-amz-metadata-directive": "REPLACE" });
    check({ "x-amz-storage-class": "STANDARD" });
    check({ "x-amz-website-redirect-location": "/" });
    check({ "x-amz-server-side-encryption": "AES256" });
    check({}, { versionId: "v" });
    check({}, { key: "dog" });
    assert.throws(() => check({}), { code: "InvalidRequest" });
    assert.throws(() => check({ "x-amz-meta-a": "b" }), { code: "InvalidRequest" });
  });

  it("knows two directives", () => {
    for (const name of ["x-amz-metadata-directive", "x-amz-tagging-directive"]) {
      check({ [name]: "COPY" }, { key: "dog" });
      check({ [name]: "REPLACE" }, { key: "dog" });
      for (const value of ["", "copy", "MERGE"]) {
        assert.throws(() => check({ [name]: value }, { key: "dog" }), { code: "InvalidArgument" });
      }
    }
  });
});

describe("checkPlainSource", () => {
  it("refuses where the policy requires encryption", () => {
    const about = (requiresEncryption?: boolean) =>
      ({ policy: { requiresEncryption } }) as unknown as S3Request;
    checkPlainSource(about());
    checkPlainSource(about(false));
    assert.throws(() => checkPlainSource(about(true)), { code: "AccessDenied" });
  });
});
