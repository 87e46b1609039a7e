/** Jobs of a running gateway: where they are kept, who answers about them, and who runs them. */
import { hostname } from "node:os";
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { MemoryWorkQueue } from "@s3eg/shared/bus/memory-work-queue.ts";
import type { WorkQueue } from "@s3eg/shared/bus/work-queue.ts";
import { jobChanged } from "@s3eg/shared/contracts/audit.ts";
import type { Job } from "@s3eg/shared/contracts/jobs.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import type { AnswerGuard } from "@s3eg/shared/trust/answerer.ts";
import type { Policies } from "../auth/policy.ts";
import type { PendingTags } from "../rewrap/pending-tags.ts";
import { openJobList, type SharedJobList } from "./configured-job-list.ts";
import { openJobDesk } from "./job-desk.ts";
import { jobMetrics } from "./job-metrics.ts";
import type { JobParts } from "./job-parts.ts";
import { startJobRunner } from "./job-runner.ts";
import { jobPages } from "./job-work.ts";

/** Where jobs are shared with other processes over a broker, and how they are handed out. */
export interface SharedJobs extends SharedJobList {
  readonly queue: WorkQueue;
}

/** Answers about jobs, and runs them, until it is disposed of. */
export function startJobs(
  parts: Omit<JobParts, "signal" | "policies"> & {
    /** Those in force. */
    readonly policies: () => Policies;
    /** Folder of jobs in DATA_DIR. */
    readonly folder: string;
    readonly shared: SharedJobs | undefined;
    readonly guard: AnswerGuard | undefined;
    readonly pendingTags: (bucket: string) => PendingTags;
    readonly bus: Bus;
    readonly log: Log;
    readonly metrics: Metrics;
  },
): AsyncDisposable {
  const { folder, shared, bus, guard, log, metrics, pendingTags } = parts;
  const counted = jobMetrics(metrics);
  const list = openJobList(folder, shared);
  const queue = shared?.queue ?? new MemoryWorkQueue();
  openJobDesk({ bus, guard, list, queue });
  return startJobRunner({
    ...{ list, queue, log },
    name: `${hostname()}-${process.pid}`,
    pages: (job, progress, signal) => {
      const work = { ...parts, policies: parts.policies(), signal };
      return counted(job, jobPages(work, job, { ...progress, pendingTags }));
    },
    tell: (job) => tellJob(job, { bus, log }),
  });
}

async function tellJob(job: Job, { bus, log }: { bus: Bus; log: Log }): Promise<void> {
  const { id: jobId, wish, status, by, error } = job;
  const { kind, buckets, prefix } = wish;
  const action = status === "running" ? "started" : status;
  if (action === "waiting" || action === "paused") return;
  log.info({ jobId, kind, action }, "job");
  await bus.publish(jobChanged, {
    ...{ timestamp: new Date().toISOString(), action, jobId, kind, buckets, by },
    ...(prefix === "" ? {} : { prefix }),
    ...(error === undefined ? {} : { error }),
  });
}
