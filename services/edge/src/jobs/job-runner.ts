/**
 * Runs queued jobs, one at a time in each process. How far a job came is kept after every page: a runner that is killed is missed after
 * half a minute, and another one goes on behind that page.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Task, WorkQueue } from "@s3eg/shared/bus/work-queue.ts";
import type { BucketProgress, Job } from "@s3eg/shared/contracts/jobs.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { JobPage } from "./bucket-walk.ts";
import { isToBeTaken, withBucketDone, withJobPage } from "./job-life.ts";
import { hasEnded, type JobList } from "./job-list.ts";
import { OUTAGES } from "./job-parts.ts";

/** What a runner works with. */
export interface RunnerParts {
  readonly list: JobList;
  readonly queue: WorkQueue;
  /** Tells runners apart. */
  readonly name: string;
  /** The work of a job in one bucket, from where it came to. */
  pages(job: Job, progress: BucketProgress, signal: AbortSignal): AsyncGenerator<JobPage>;
  /** Tells that a job began or ended. */
  tell(job: Job): Promise<void>;
  readonly log: Log;
  /** How often it is looked for work and whether a job is still to go on. */
  readonly lookMs?: number;
}

const LOOK_MS = 2000;
/** A job whose runner said nothing for so long is another's to take. */
const LEASE_MS = 30_000;

/** Takes jobs until it is disposed of; the one in hand is then left to others, as far as it came. */
export function startJobRunner(parts: RunnerParts): AsyncDisposable {
  const stop = new AbortController();
  const running = run(parts, stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

async function run(parts: RunnerParts, stop: AbortSignal): Promise<void> {
  const { list, queue, log, lookMs = LOOK_MS } = parts;
  let isFailing = false;
  while (!stop.aborted) {
    try {
      const jobs = await list.read();
      for (const job of jobs) await tellEnd(parts, job);
      for (const { id, turn } of jobs.filter((job) => isToBeTaken(job, Date.now()))) {
        await queue.put(id, `${id}-${turn}`);
      }
      const task = await queue.take(stop);
      if (task) await runTask(parts, task, stop);
      isFailing = false;
    } catch (err) {
      if (!isFailing) log.warn({ err }, "jobs can't be looked at now");
      isFailing = true;
      await sleep(lookMs, undefined, { signal: stop }).catch(() => undefined);
    }
  }
}

/** Whoever ended it, the runner that finds it tells. */
async function tellEnd({ list, tell }: RunnerParts, job: Job): Promise<void> {
  if (!hasEnded(job) || job.isTold) return;
  await tell(job);
  await list.changeOne(job.id, (now) => ({ ...now, isTold: true }));
}

async function runTask(parts: RunnerParts, task: Task, stop: AbortSignal): Promise<void> {
  const { list, name, tell } = parts;
  let isMine = false;
  let isFirst = false;
  const job = await list.changeOne(task.id, (found) => {
    isMine = isToBeTaken(found, Date.now());
    if (!isMine) return undefined;
    isFirst = found.startedAt === undefined;
    const runner = { name, untilMs: Date.now() + LEASE_MS };
    const startedAt = found.startedAt ?? new Date().toISOString();
    const { error: _, ...rest } = found;
    return { ...rest, status: "running", runner, startedAt, turn: found.turn + 1 };
  });
  try {
    if (!job || !isMine) return;
    if (isFirst) await tell(job);
    await work(parts, { job, task }, stop);
  } finally {
    // What is not finished is put again by who finds it so.
    task.done();
  }
}

async function work(
  parts: RunnerParts,
  { job, task }: { job: Job; task: Task },
  stop: AbortSignal,
): Promise<void> {
  const { list, log } = parts;
  const held = new AbortController();
  const signal = AbortSignal.any([stop, held.signal]);
  const hold = holding(parts, { job, task, held });
  try {
    for (const progress of job.progress.filter(({ isDone }) => !isDone)) {
      for await (const page of parts.pages(job, progress, signal)) {
        await keep(parts, job, { held, change: (now) => withJobPage(now, progress.bucket, page) });
        signal.throwIfAborted();
      }
      await keep(parts, job, { held, change: (now) => withBucketDone(now, progress.bucket) });
      signal.throwIfAborted();
    }
    await end(parts, job, { status: "done" });
  } catch (error) {
    if (held.signal.aborted) return;
    if (stop.aborted) {
      await list.changeOne(job.id, (now) => (isOurs(parts, now) ? waitingAgain(now) : undefined));
      return;
    }
    const text = error instanceof Fault ? `${error.code}: ${error.message}` : "internal.bug";
    log.error({ err: error, jobId: job.id }, "job does not go on");
    if (error instanceof Fault && OUTAGES.has(error.code)) await later(parts, job, text);
    else await end(parts, job, { status: "failed", error: text });
  } finally {
    await hold[Symbol.asyncDispose]();
  }
}

/** Renews what this runner holds of the job, and stops the work where somebody took it away. */
function holding(
  parts: RunnerParts,
  { job, task, held }: { job: Job; task: Task; held: AbortController },
): AsyncDisposable {
  let looking: Promise<void> = Promise.resolve();
  const look = async () => {
    task.extend();
    await keep(parts, job, { held, change: (now) => now });
  };
  const timer = setInterval(() => {
    looking = look().catch((err: unknown) => {
      parts.log.warn({ err, jobId: job.id }, "a job under way can't be looked at now");
    });
  }, parts.lookMs ?? LOOK_MS);
  timer.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await looking;
    },
  };
}

/** Keeps a change of a job that is still this runner's, and with it the hold. */
async function keep(
  parts: RunnerParts,
  { id }: Job,
  { held, change }: { held: AbortController; change: (now: Job) => Job },
): Promise<void> {
  const { list, name } = parts;
  let isOurJob = false;
  await list.changeOne(id, (now) => {
    isOurJob = isOurs(parts, now);
    const runner = { name, untilMs: Date.now() + LEASE_MS };
    return isOurJob ? { ...change(now), runner } : undefined;
  });
  if (!isOurJob) held.abort();
}

function isOurs({ name }: RunnerParts, { status, runner }: Job): boolean {
  return status === "running" && runner?.name === name;
}

async function end(
  parts: RunnerParts,
  { id }: Job,
  ended: Pick<Job, "status" | "error">,
): Promise<void> {
  await parts.list.changeOne(id, (now) => {
    if (!isOurs(parts, now)) return undefined;
    const { runner: _, ...rest } = now;
    return { ...rest, ...ended, endedAt: new Date().toISOString() };
  });
}

/** An outage says nothing of the objects: it is tried again when this hold is over. */
async function later(parts: RunnerParts, { id }: Job, error: string): Promise<void> {
  await parts.list.changeOne(id, (now) => (isOurs(parts, now) ? { ...now, error } : undefined));
}

function waitingAgain(job: Job): Job {
  const { runner: _, ...rest } = job;
  return { ...rest, status: "waiting", turn: job.turn + 1 };
}
