/** What edge answers about jobs: begins them, tells how they stand, holds them and ends them. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import type { WorkQueue } from "@s3eg/shared/bus/work-queue.ts";
import {
  type Job,
  type JobAction,
  type JobAnswer,
  listJobs,
  startJob,
  steerJob,
} from "@s3eg/shared/contracts/jobs.ts";
import type { AnswerGuard } from "@s3eg/shared/trust/answerer.ts";
import { guardedAnswer } from "@s3eg/shared/trust/guarded-answer.ts";
import { newJob, steered } from "./job-life.ts";
import type { JobList } from "./job-list.ts";

/** Where the desk stands. */
export interface JobDesk {
  readonly bus: Bus;
  /** Checks who asks from another process; absent where all who ask are roles of this one. */
  readonly guard: AnswerGuard | undefined;
  readonly list: JobList;
  readonly queue: Pick<WorkQueue, "put">;
}

/** Answers from now on. */
export function openJobDesk({ bus, guard, list, queue }: JobDesk): void {
  bus.serve(
    startJob,
    guardedAnswer(startJob, guard, async ({ id, wish }): Promise<JobAnswer> => {
      const jobs = await list.change((all) =>
        all.some((one) => one.id === id) ? undefined : [...all, newJob({ id, wish, by: "admin" })],
      );
      const job = jobs.find((one) => one.id === id);
      if (!job) return notFound(id);
      // Who runs jobs finds it without this, a moment later.
      await queue.put(id, `${id}-${job.turn}`).catch(() => undefined);
      return { job };
    }),
  );
  bus.serve(
    listJobs,
    guardedAnswer(listJobs, guard, async () => ({ jobs: (await list.read()).toReversed() })),
  );
  bus.serve(
    steerJob,
    guardedAnswer(steerJob, guard, async ({ id, action }) => await steerIn(list, id, action)),
  );
}

/** Steers a job of the list, or says why not. */
export async function steerIn(list: JobList, id: string, action: JobAction): Promise<JobAnswer> {
  let before: Job | undefined;
  let isDone = false;
  const job = await list.changeOne(id, (found) => {
    before = found;
    const after = steered(found, action);
    isDone = after !== undefined;
    return after;
  });
  if (!job) return notFound(id);
  if (isDone) return { job };
  const message = `a job that is ${before?.status ?? job.status} can't be ${PAST[action]}`;
  return { refusal: { reason: "Conflict", message } };
}

const PAST: Readonly<Record<JobAction, string>> = {
  pause: "paused",
  resume: "resumed",
  cancel: "cancelled",
};

function notFound(id: string): JobAnswer {
  return { refusal: { reason: "NotFound", message: `there is no job ${id}` } };
}
