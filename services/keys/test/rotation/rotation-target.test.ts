import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { KeyRef } from "../../src/custody/custodian.ts";
import { rotationSteps } from "../../src/rotation/rotation-steps.ts";
import { targetOf } from "../../src/rotation/rotation-target.ts";
import { StatedCustodian } from "../../src/rotation/stated-custodian.ts";
import { VersionStates } from "../../src/rotation/version-states.ts";
import { CountingCustodian } from "../counting-custodian.ts";

/** A custodian with these keys, of which the first one writes. */
function stated(provider: KeyRef["provider"], ...keys: readonly (readonly [string, number])[]) {
  const refs = keys.map(([keyId, keyVersion]) => ({ provider, keyId, keyVersion }));
  const [first] = refs;
  assert.ok(first);
  class Keys extends CountingCustodian {
    override readonly readableKeys = refs;
    override readonly activeKey = first as KeyRef;
  }
  const folder = mkdtempSync(join(tmpdir(), "s3eg-target-"));
  const states = new VersionStates(folder);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  return { custodian: new StatedCustodian(new Keys(), states), states, [Symbol.dispose]: remove };
}

const chosen = (custodian: StatedCustodian, wanted?: number) => {
  const target = targetOf(custodian, wanted);
  return "key" in target ? target.key.keyVersion : target.reason;
};

describe("targetOf", () => {
  it("is the version that is named, or the highest above the one that writes", () => {
    using at = stated("aes", ["a", 2], ["a", 1], ["a", 3], ["a", 4], ["a", 5]);
    assert.equal(chosen(at.custodian, 1), 1);
    assert.equal(chosen(at.custodian), 5);
    at.states.decide("retired", { provider: "aes", keyId: "a", keyVersion: 5 });
    assert.equal(chosen(at.custodian), 4);
    assert.equal(chosen(at.custodian, 5), "BadRequest");
  });

  it("is nothing that has to be guessed", () => {
    using last = stated("kmip", ["a", 2], ["b", 1]);
    assert.equal(chosen(last.custodian), "AmbiguousTarget");
    assert.equal(chosen(last.custodian, 1), 1);
    assert.equal(chosen(last.custodian, 3), "KeyNotFound");
    using twice = stated("kmip", ["a", 1], ["b", 2], ["c", 2]);
    assert.equal(chosen(twice.custodian, 2), "AmbiguousTarget");
  });

  it("is not ours to choose where versions are the key store's, or a password's", async () => {
    for (const provider of ["transit", "aws-kms"] as const) {
      using at = stated(provider, ["one", 0], ["two", 0]);
      assert.equal(chosen(at.custodian), "NotImplemented");
    }
    using at = stated("password", ["epoch", 1]);
    const { custodian, states } = at;
    const rotation = { custodian, states, refresh: async () => {}, decide: async () => {} };
    const answer = await rotationSteps(rotation, 1).start({});
    assert.ok("refusal" in answer && answer.refusal.reason === "NotImplemented");
  });
});
