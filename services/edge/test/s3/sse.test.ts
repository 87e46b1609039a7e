import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkSse } from "../../src/s3/sse.ts";

describe("checkSse", () => {
  const asking = [
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-customer-key",
    "x-amz-copy-source-server-side-encryption-customer-algorithm",
  ];

  it("lets encryption be asked of the backend unless the policy refuses it", () => {
    for (const name of asking) {
      checkSse({}, { [name]: "AES256" });
      checkSse({ sse: "pass" }, { [name]: "AES256" });
    }
  });

  it("refuses under `sse: refuse`, and says which header and which setting", () => {
    for (const name of asking) {
      assert.throws(() => checkSse({ sse: "refuse" }, { [name]: "AES256" }), {
        code: "NotImplemented",
        status: 501,
        message: new RegExp(`^${name} .*sse: refuse`),
      });
    }
    checkSse({ sse: "refuse" }, { "x-amz-meta-server-side-encryption": "AES256", host: "h" });
  });
});
