import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import type { JobPage } from "../../src/jobs/bucket-walk.ts";
import { jobMetrics } from "../../src/jobs/job-metrics.ts";
import { aJob } from "./kept-jobs.ts";

async function* pagesOf(...results: string[]): AsyncGenerator<JobPage> {
  await Promise.resolve();
  for (const result of results) yield { outcomes: [{ key: "k", result }], marker: { key: "k" } };
}

describe("the metrics of jobs", () => {
  it("count objects by kind and result, those of re-wrapping under their own name too", async () => {
    const metrics = createMetrics();
    const counted = jobMetrics(metrics);
    const seen: JobPage[] = [];
    for await (const page of counted(aJob(1, { kind: "rewrap" }), pagesOf("rewrapped", "failed"))) {
      seen.push(page);
    }
    for await (const page of counted(aJob(2), pagesOf("opened"))) seen.push(page);
    assert.equal(seen.length, 3);
    const lines = (await metrics.text()).split("\n");
    for (const line of [
      'gateway_job_objects_total{kind="rewrap",result="rewrapped"} 1',
      'gateway_job_objects_total{kind="rewrap",result="failed"} 1',
      'gateway_job_objects_total{kind="verify",result="opened"} 1',
      'gateway_key_rotation_objects_total{result="rewrapped"} 1',
    ]) {
      assert.ok(lines.includes(line), line);
    }
    assert.ok(
      !lines.some((line) => line.startsWith('gateway_key_rotation_objects_total{result="opened"')),
    );
  });
});
