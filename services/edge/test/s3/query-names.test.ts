import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isPassedParameter, isUnknownSubresource } from "../../src/s3/query-names.ts";

describe("isPassedParameter", () => {
  it("keeps what S3 knows", () => {
    for (const name of ["acl", "versionId", "prefix", "continuation-token", "id", "max-keys"]) {
      assert.ok(isPassedParameter(name), name);
    }
  });

  it("leaves out signatures, overrides and what some backend might know", () => {
    for (const name of [
      "X-Amz-Signature",
      "AWSAccessKeyId",
      "x-id",
      "metadata",
      "lambdaArn",
      "format",
      "response-expires",
      "ACL",
    ]) {
      assert.ok(!isPassedParameter(name), name);
    }
  });
});

describe("isUnknownSubresource", () => {
  it("takes a bare parameter that nobody knows for an operation", () => {
    for (const name of ["newThing", "ACL", "stats", "__proto__"]) {
      assert.ok(isUnknownSubresource(name, ""), name);
    }
  });

  it("does not take what S3 knows, what has a value or what signs for one", () => {
    for (const [name, value] of [
      ["prefix", ""],
      ["acl", ""],
      ["newThing", "1"],
      ["X-Amz-Security-Token", ""],
      ["Signature", ""],
      ["x-id", ""],
      ["response-expires", ""],
    ] as const) {
      assert.ok(!isUnknownSubresource(name, value), name);
    }
  });
});
