import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { partCopyMetrics } from "../../src/copy/part-copy-metrics.ts";

describe("the metrics of copied parts", () => {
  it("count them by source and how they ended", async () => {
    const metrics = createMetrics();
    const counted = partCopyMetrics(metrics);
    const answer = await counted(async (opened) => {
      opened({ mode: "legacy", bytes: 30 });
      return 7;
    });
    assert.equal(answer, 7);
    const failing = counted((opened) => {
      opened({ mode: "mpu", bytes: 9 });
      return Promise.reject(new Error("no"));
    });
    await assert.rejects(failing, /no/);
    await assert.rejects(
      counted(() => Promise.reject(new Error("no source"))),
      /no source/,
    );
    const lines = (await metrics.text()).split("\n");
    for (const line of [
      'gateway_upload_part_copy_total{source_mode="legacy",result="success"} 1',
      'gateway_upload_part_copy_total{source_mode="mpu",result="failed"} 1',
      'gateway_upload_part_copy_total{source_mode="unknown",result="failed"} 1',
      'gateway_upload_part_copy_bytes_total{source_mode="legacy"} 30',
      'gateway_upload_part_copy_duration_seconds_count{source_mode="mpu"} 1',
      "gateway_upload_part_copy_legacy_fallback_total 1",
    ]) {
      assert.ok(lines.includes(line), line);
    }
    assert.ok(!lines.some((line) => line.includes('bytes_total{source_mode="mpu"}')));
  });
});
