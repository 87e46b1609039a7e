import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { responseOverrides } from "../../src/s3/response-overrides.ts";
import { Query } from "../../src/s3-request.ts";

describe("responseOverrides", () => {
  const query = new Query([
    ["response-content-type", "text/plain"],
    ["versionId", "v1"],
    ["response-x-amz-meta-s3eg", "x"],
    ["response-expires", ""],
  ]);

  it("are the six that S3 knows, in order", () => {
    assert.deepEqual(responseOverrides({ query, principal: {} }), [
      ["response-content-type", "text/plain"],
      ["response-expires", ""],
    ]);
  });

  it("are for who signed, and nobody else", () => {
    const principal = { identity: "anonymous" };
    assert.throws(() => responseOverrides({ query, principal }), {
      code: "InvalidRequest",
      status: 400,
    });
    assert.deepEqual(responseOverrides({ query: new Query([["versionId", "v1"]]), principal }), []);
  });
});
