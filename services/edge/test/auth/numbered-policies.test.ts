import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { numberedPolicies } from "../../src/auth/numbered-policies.ts";

const read = (env: Record<string, string>) =>
  numberedPolicies(env).map(({ name, text }) => [name, JSON.parse(text) as unknown]);

describe("policies in numbered variables", () => {
  it("are none without a variable, or with empty ones", () => {
    assert.deepEqual(
      numberedPolicies({ GW_POLICY_0_ID: "", POLICIES: "x", GW_POLICY_ID: "y" }),
      [],
    );
  });

  it("have every setting, by number", () => {
    const env = {
      GW_POLICY_10_ID: "ten",
      GW_POLICY_10_BUCKETS: "a",
      GW_POLICY_2_ID: "two",
      GW_POLICY_2_BUCKETS: "b, c-*",
      GW_POLICY_2_DISABLE_ENCRYPTION: "true",
      GW_POLICY_2_REQUIRE_ENCRYPTION: "0",
      GW_POLICY_2_DISALLOW_LOCK_BYPASS: "1",
      GW_POLICY_2_ENCRYPT_MULTIPART_UPLOADS: "false",
      GW_POLICY_2_ENCRYPTION_PASSWORD: "a password",
      GW_POLICY_2_ENCRYPTION_ALGORITHM: "AES256-GCM",
      GW_POLICY_2_KEY_PROVIDER: "kmip",
      GW_POLICY_2_KEY_ID: "tenant",
      GW_POLICY_2_RATE_LIMIT_ENABLED: "true",
      GW_POLICY_2_RATE_LIMIT_REQUESTS: "7",
      GW_POLICY_2_RATE_LIMIT_WINDOW: "1s",
    };
    assert.deepEqual(read(env), [
      [
        "GW_POLICY_2_*",
        {
          id: "two",
          buckets: ["b", "c-*"],
          disable_encryption: true,
          require_encryption: false,
          disallow_lock_bypass: true,
          encrypt_multipart_uploads: false,
          encryption: {
            password: "a password",
            preferred_algorithm: "AES256-GCM",
            key_manager: { provider: "kmip", key_id: "tenant" },
          },
          rate_limit: { enabled: true, limit: 7, window: "1s" },
        },
      ],
      [
        "GW_POLICY_10_*",
        { id: "ten", buckets: ["a"], encryption: { key_manager: {} }, rate_limit: {} },
      ],
    ]);
  });

  for (const [name, value] of [
    ["GW_POLICY_0_BUCKET", "a"],
    ["GW_POLICY_0_DISABLE_ENCRYPTION", "perhaps"],
    ["GW_POLICY_0_RATE_LIMIT_REQUESTS", "many"],
  ] as const) {
    it(`refuse ${name}=${value}, by name`, () => {
      assert.throws(
        () => numberedPolicies({ [name]: value }),
        (error: Error) => {
          return error.message.includes(name) && !error.message.includes(value);
        },
      );
    });
  }
});
