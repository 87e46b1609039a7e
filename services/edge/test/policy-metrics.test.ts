import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { Policies } from "../src/auth/policy.ts";
import { showPolicies } from "../src/policy-metrics.ts";
import { STANDARD } from "./running-edge.ts";

describe("what is shown of policies", () => {
  it("is whether any has metadata sealed, as they are now", async () => {
    const metrics = createMetrics();
    const hides = { ...STANDARD, id: "h", metadata: "sealed", buckets: ["b"] } as const;
    for (const [rules, shown] of [
      [[], 0],
      [[hides], 1],
      [[], 0],
    ] as const) {
      showPolicies(new Policies([...rules], STANDARD), metrics);
      const line = `gateway_metadata_encryption_enabled ${shown}`;
      assert.ok((await metrics.text()).split("\n").includes(line), line);
    }
  });
});
