import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { jobChanged } from "@s3eg/shared/contracts/audit.ts";
import { JobWish, listJobs, startJob } from "@s3eg/shared/contracts/jobs.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { startJobs } from "../../src/jobs/configured-jobs.ts";
import { pendingInMemory } from "../rewrap/rewrapping.ts";
import { keptLog } from "../running-edge.ts";
import { BUCKET, bucketJobs } from "./bucket-jobs.ts";
import { idOf } from "./kept-jobs.ts";

it("startJobs answers, runs, and tells the audit trail of beginning and end", async () => {
  const folder = await mkdtemp(join(tmpdir(), "s3eg-jobs-"));
  const { parts } = bucketJobs();
  const told: unknown[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  parts.bus.subscribe(jobChanged, ({ action, kind, by }) => {
    told.push([action, kind, by]);
    if (action === "done") resolve();
  });
  const running = startJobs({
    ...parts,
    policies: () => parts.policies,
    ...{ folder, shared: undefined, guard: undefined, log: keptLog() },
    metrics: createMetrics(),
    pendingTags: pendingInMemory,
  });
  const wish = JobWish.parse({ kind: "verify", buckets: [BUCKET], prefix: "a" });
  await parts.bus.request(startJob, { id: idOf(1), wish }, { requestId: "R" });
  await ended;
  const listed = await parts.bus.request(listJobs, {}, { requestId: "R" });
  assert.ok("plain" in listed);
  assert.equal(listed.plain.jobs[0]?.status, "done");
  await running[Symbol.asyncDispose]();
  assert.deepEqual(told, [
    ["started", "verify", "admin"],
    ["done", "verify", "admin"],
  ]);
  await rm(folder, { recursive: true });
});
