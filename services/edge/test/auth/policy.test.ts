import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Policies, sharesKey, wishOf } from "../../src/auth/policy.ts";
import { STANDARD } from "../running-edge.ts";

describe("Policies", () => {
  const rule = (id: string, ...buckets: string[]) => ({ ...STANDARD, id, buckets });
  const policies = new Policies(
    [rule("a", "photos", "logs-*"), rule("b", "logs-old", "*.x"), rule("c", "p*s*1")],
    STANDARD,
  );

  for (const [bucket, id] of [
    ["photos", "a"],
    ["photos2", "default"],
    ["logs-", "a"],
    ["logs-old", "a"],
    ["old-logs-1", "default"],
    ["a.x", "b"],
    ["aXx", "default"],
    ["ps1", "c"],
    ["p-s-1", "c"],
    ["p-s-2", "default"],
    ["", "default"],
  ] as const) {
    it(`give ${bucket || "no bucket"} the first policy that matches: ${id}`, () => {
      assert.equal(policies.of(bucket).id, id);
    });
  }
});

describe("the key of a policy", () => {
  const wishing = (provider: string, keyId?: string) => ({
    ...STANDARD,
    keyWish: { provider, ...(keyId === undefined ? {} : { keyId }) },
  });

  it("is what messages carry, and nothing where it names none", () => {
    assert.deepEqual(wishOf(STANDARD), {});
    assert.deepEqual(wishOf(wishing("kmip", "a")), { keyWish: { provider: "kmip", keyId: "a" } });
  });

  it("is shared by those alone that name the same, or none", () => {
    assert.ok(sharesKey(STANDARD, { ...STANDARD, id: "b" }));
    assert.ok(sharesKey(wishing("kmip", "a"), { ...wishing("kmip", "a"), id: "b" }));
    for (const [one, other] of [
      [STANDARD, wishing("aes")],
      [wishing("aes"), wishing("rsa")],
      [wishing("kmip"), wishing("kmip", "a")],
      [wishing("kmip", "b"), wishing("kmip", "a")],
    ] as const) {
      assert.ok(!sharesKey(one, other) && !sharesKey(other, one));
    }
  });
});
