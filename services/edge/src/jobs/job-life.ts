/** The life of a job: how it begins, what may be done to it when, and what a page of its work makes of it. */
import type { BucketProgress, Job, JobAction, JobWish } from "@s3eg/shared/contracts/jobs.ts";
import type { JobPage } from "./bucket-walk.ts";
import { hasEnded } from "./job-list.ts";

/** Kinds of reasons that are told apart in a bucket; any other is one of `OTHERS`. */
const MAX_REASONS = 40;
const OTHERS = "other reasons";

/** A job that nobody has taken yet. `by`: who began it. */
export function newJob(
  { id, wish, by }: { id: string; wish: JobWish; by: string },
  now = new Date(),
): Job {
  const progress = wish.buckets.map((bucket) => ({
    ...{ bucket, isDone: false, counts: {}, reasons: {} },
  }));
  return { id, wish, by, status: "waiting", createdAt: now.toISOString(), turn: 0, progress };
}

/** The job after an operator's action; undefined where it is nothing that can be done to it now. */
export function steered(job: Job, action: JobAction, now = new Date()): Job | undefined {
  const { runner: _, ...rest } = job;
  if (action === "cancel" && !hasEnded(job)) {
    return { ...rest, status: "cancelled", endedAt: now.toISOString() };
  }
  const isUnderWay = job.status === "waiting" || job.status === "running";
  if (action === "pause" && isUnderWay) return { ...rest, status: "paused" };
  if (action === "resume" && job.status === "paused") {
    return { ...rest, status: "waiting", turn: job.turn + 1 };
  }
  return undefined;
}

/** True if somebody is to take it: nobody has, or who did is silent. */
export function isToBeTaken({ status, runner }: Job, nowMs: number): boolean {
  return status === "waiting" || (status === "running" && (runner?.untilMs ?? 0) <= nowMs);
}

/** The job after another page of a bucket. */
export function withJobPage(job: Job, bucket: string, page: JobPage): Job {
  return changeBucket(job, bucket, (before) => {
    const { key, versionId } = page.marker;
    const counts = { ...before.counts };
    const reasons = { ...before.reasons };
    for (const { result, reason } of page.outcomes) {
      counts[result] = (counts[result] ?? 0) + 1;
      if (reason === undefined) continue;
      const named = `${result}: ${reason}`;
      const isKnown = named in reasons || Object.keys(reasons).length < MAX_REASONS;
      const name = isKnown ? named : OTHERS;
      reasons[name] = (reasons[name] ?? 0) + 1;
    }
    const after = versionId === undefined ? { key } : { key, versionId };
    return { ...before, after, counts, reasons };
  });
}

/** The job after the last page of a bucket. */
export function withBucketDone(job: Job, bucket: string): Job {
  return changeBucket(job, bucket, (before) => ({ ...before, isDone: true }));
}

function changeBucket(
  job: Job,
  bucket: string,
  change: (before: BucketProgress) => BucketProgress,
): Job {
  return {
    ...job,
    progress: job.progress.map((one) => (one.bucket === bucket ? change(one) : one)),
  };
}
