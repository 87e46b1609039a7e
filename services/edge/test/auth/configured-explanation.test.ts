import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { settingsOf } from "@s3eg/shared/runtime/settings.ts";
import { explainPolicy } from "../../src/auth/configured-explanation.ts";
import { Policies, type PolicyRule } from "../../src/auth/policy.ts";
import { policyFile } from "../../src/config/policy-file.ts";
import { STANDARD } from "../running-edge.ts";

const TENANT: PolicyRule = {
  ...STANDARD,
  id: "tenant",
  source: "a.yaml",
  givenAt: { etag: "a.yaml line 3", "encryption.key_manager.provider": "a.yaml line 5" },
  buckets: ["other", "ten-*"],
  etag: "md5",
  keyWish: { provider: "kmip", keyId: "k1" },
};
const POLICIES = new Policies(
  [TENANT, { ...STANDARD, id: "all", source: "z.yaml", buckets: ["*"] }],
  STANDARD,
);
const OBJECT = { bucket: "ten-1", key: "a/b" };

describe("the explanation of a policy", () => {
  it("names the policy that is first, by which glob, and those that are passed over", () => {
    const { policy, passedOver } = explainPolicy(POLICIES, OBJECT, {});
    assert.deepEqual(policy, { id: "tenant", source: "a.yaml", glob: "ten-*" });
    assert.deepEqual(passedOver, [{ id: "all", source: "z.yaml", glob: "*" }]);
    const none = explainPolicy(new Policies([], STANDARD), OBJECT, {});
    assert.deepEqual([none.policy, none.passedOver], [undefined, []]);
  });

  it("says where each value comes from: the policy, the main configuration, or nobody", () => {
    const places = { "objects.checksum": "CHECKSUM_POLICY", "objects.etag": "config.yaml line 9" };
    const { settings } = explainPolicy(POLICIES, OBJECT, places);
    const told = (name: string) => {
      const { value, from } = settings.find(({ setting }) => setting === name) ?? {};
      return [value, from];
    };
    assert.deepEqual(told("etag"), ["md5", "a.yaml line 3"]);
    assert.deepEqual(told("encryption.key_manager"), ["kmip k1", "a.yaml line 5"]);
    assert.deepEqual(told("checksum"), ["client", "objects.checksum (CHECKSUM_POLICY)"]);
    assert.deepEqual(told("sse"), ["pass", "default"]);
    assert.deepEqual(told("bind_as"), ["ten-1", "default"]);
  });

  it("tells what comes of each, in other words for another value", () => {
    const strict: PolicyRule = {
      ...TENANT,
      contents: "mixed",
      suite: 2,
      checksum: "always",
      metadata: "sealed",
      sse: "refuse",
      anonymous: "read",
      encryptsMultipart: false,
      requiresEncryption: true,
      requiresTls: true,
      disallowsLockBypass: true,
      noCache: true,
      bindAs: "former",
      maxObjectBytes: 5,
      rate: { limit: 1, windowMs: 1000, by: "address" },
    };
    const one = explainPolicy(new Policies([], STANDARD), OBJECT, {}).settings;
    const other = explainPolicy(new Policies([strict], STANDARD), OBJECT, {}).settings;
    for (const [at, { setting, value, effect }] of one.entries()) {
      assert.notEqual(other[at]?.value, value, setting);
      assert.ok(setting === "encryption.preferred_algorithm" || other[at]?.effect !== effect);
    }
  });

  it("speaks of every setting that a policy file may have", () => {
    const explained = explainPolicy(POLICIES, OBJECT, {}).settings.map(({ setting }) => setting);
    const told = [...explained, "id", "buckets", "disable_encryption", "encryption.password"];
    const untold = settingsOf(policyFile)
      .map(({ path }) => path.join("."))
      .filter((path) => !told.some((name) => path === name || path.startsWith(`${name}.`)));
    assert.deepEqual(untold, []);
  });
});
