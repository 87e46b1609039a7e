import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { continuedPolicies } from "../../src/auth/continued-policies.ts";
import { Policies, type PolicyRule } from "../../src/auth/policy.ts";
import { STANDARD } from "../running-edge.ts";

const ruleOf = (id: string, more: Partial<PolicyRule> = {}): PolicyRule => ({
  ...STANDARD,
  id,
  buckets: [id],
  ...more,
});

describe("continuedPolicies", () => {
  it("keeps the very rules that say what they said, and takes everything else from the new ones", () => {
    const kept = ruleOf("kept", { givenAt: { etag: "a.yaml line 3" } });
    const changed = ruleOf("changed", { etag: "md5" });
    const moved = ruleOf("kept", { givenAt: { etag: "a.yaml line 4" } });
    const before = new Policies([ruleOf("gone"), kept, ruleOf("changed")], STANDARD);
    const standard = { ...STANDARD, etag: "md5" } as const;
    const next = new Policies([changed, moved, ruleOf("new")], standard);
    const policies = continuedPolicies(before, next);
    assert.equal(policies.of("kept"), kept);
    assert.equal(policies.of("changed"), changed);
    assert.deepEqual(
      policies.rules.map(({ id }) => id),
      ["changed", "kept", "new"],
    );
    assert.equal(policies.of("gone"), standard);
  });
});
