import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ruleDifferences } from "../../src/reload/rule-differences.ts";
import { rulesOf } from "./some-rules.ts";

describe("ruleDifferences", () => {
  it("finds none between rules that say the same", () => {
    assert.deepEqual(ruleDifferences(rulesOf(), rulesOf()), []);
  });

  for (const [what, env] of [
    [["credentials"], { GW_CRED_0_SECRET_KEY: "other" }],
    [["credentials"], { GW_CRED_0_PERMISSIONS: "ro" }],
    [["credentials"], { GW_CRED_1_ACCESS_KEY: "B", GW_CRED_1_SECRET_KEY: "b" }],
    [
      ["credentials", "backend identities"],
      { GW_CRED_0_BACKEND_ACCESS_KEY: "I", GW_CRED_0_BACKEND_SECRET_KEY: "s" },
    ],
    [["policies"], { GW_POLICY_0_ID: "p", GW_POLICY_0_BUCKETS: "b" }],
    [["policies"], { ETAG_POLICY: "md5" }],
  ] as const) {
    it(`names ${what.join(" and ")} for ${Object.keys(env).join(", ")}`, () => {
      assert.deepEqual(ruleDifferences(rulesOf(), rulesOf(env)), what);
    });
  }

  it("names certificates", () => {
    const rules = rulesOf();
    const certificate = { cert: "c", key: "k" };
    assert.deepEqual(ruleDifferences(rules, { ...rules, certificate }), [
      "certificate of the S3 port",
    ]);
    const next = { ...rules, adminCertificate: certificate };
    assert.deepEqual(ruleDifferences(rules, next), ["certificate of the admin API"]);
  });
});
