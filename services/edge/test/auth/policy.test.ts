import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Policies } from "../../src/auth/policy.ts";
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
