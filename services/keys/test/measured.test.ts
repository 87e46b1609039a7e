import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { measuredWith } from "../src/measured.ts";

describe("measuredWith", () => {
  it("counts answers, refusals and bugs, and lets them pass", async () => {
    const metrics = createMetrics();
    const measured = measuredWith(metrics);
    const outcomes = [7, new Fault("keys.refused", "no"), new Error("oops")];
    const answer = measured("unwrap", async (index: number) => {
      const outcome = outcomes[index];
      if (outcome instanceof Error) throw outcome;
      return outcome;
    });
    assert.equal(await answer(0), 7);
    await assert.rejects(answer(1), /^Fault: no$/);
    await assert.rejects(answer(2), /^Error: oops$/);
    const text = await metrics.text();
    for (const result of ["ok", "keys.refused", "internal.bug"]) {
      const line = `gateway_keys_operations_total{operation="unwrap",result="${result}"} 1`;
      assert.ok(text.includes(line), line);
    }
    const timed = 'gateway_keys_operation_duration_seconds_count{operation="unwrap"} 3';
    assert.ok(text.includes(timed));
  });
});
