import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkLockBypass, checkObjectSize, checkTls } from "../../src/auth/policy-guard.ts";
import { STANDARD } from "../running-edge.ts";

const denied = { code: "AccessDenied", status: 403 };

describe("the guard of a policy", () => {
  it("lets everything pass where the policy says nothing", () => {
    checkTls(STANDARD, false);
    checkLockBypass(STANDARD, { "x-amz-bypass-governance-retention": "true" });
    checkObjectSize(STANDARD, Number.MAX_SAFE_INTEGER);
  });

  it("refuses plain HTTP with require_tls", () => {
    const policy = { ...STANDARD, requiresTls: true };
    checkTls(policy, true);
    assert.throws(() => checkTls(policy, false), denied);
  });

  it("refuses to bypass governance retention with disallow_lock_bypass", () => {
    const policy = { ...STANDARD, disallowsLockBypass: true };
    checkLockBypass(policy, {});
    checkLockBypass(policy, { "x-amz-bypass-governance-retention": "False" });
    for (const value of ["true", " TRUE", "1", ""]) {
      const headers = { "x-amz-bypass-governance-retention": value };
      assert.throws(() => checkLockBypass(policy, headers), denied, value);
    }
  });

  it("refuses more bytes than max_object_size, and says how many there may be", () => {
    checkObjectSize({ maxObjectBytes: 5 }, 5);
    assert.throws(() => checkObjectSize({ maxObjectBytes: 5 }, 6), {
      code: "EntityTooLarge",
      status: 400,
      fields: { ProposedSize: 6, MaxSizeAllowed: 5 },
    });
  });
});
