/** Jobs on whole buckets: begun, shown and steered. Edge keeps and runs them; it is asked. */
import { randomUUID } from "node:crypto";
import {
  BucketProgress,
  type Job,
  type JobAction,
  type JobAnswer,
  JobKind,
  JobStatus,
  JobWish,
  listJobs,
  startJob,
  steerJob,
} from "@s3eg/shared/contracts/jobs.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { z } from "zod";
import type { ActionEvent } from "../operator-trail.ts";
import { type Asking, askService } from "./ask-service.ts";
import { type AdminRequest, type Endpoint, endpoint, errorBody, refused } from "./endpoint.ts";

const StartBody = z.strictObject({
  kind: JobKind,
  buckets: z.array(z.string()),
  prefix: z.string().optional(),
  rate: z.number().positive().optional(),
  dry_run: z.boolean().optional(),
  remove_superseded: z.boolean().optional(),
  no_writers: z.boolean().optional(),
  upgrade: z.boolean().optional(),
  all: z.boolean().optional(),
  /** Of an unseal that writes: `plaintext`. */
  confirm: z.string().optional(),
});

const JobBody = z.object({
  id: z.uuid(),
  kind: JobKind,
  status: JobStatus,
  buckets: z.array(z.string()),
  prefix: z.string(),
  rate: z.number(),
  dry_run: z.boolean(),
  remove_superseded: z.boolean(),
  no_writers: z.boolean(),
  upgrade: z.boolean(),
  all: z.boolean(),
  started_by: z.string(),
  runner: z.string().optional(),
  created_at: z.string(),
  started_at: z.string().optional(),
  ended_at: z.string().optional(),
  error: z.string().optional(),
  progress: z.array(
    z.object({
      bucket: z.string(),
      done: z.boolean(),
      /** Objects by what became of them. */
      counts: BucketProgress.shape.counts,
      /** Objects by why they were left as they are, failed, or what is left of them. */
      reasons: BucketProgress.shape.reasons,
    }),
  ),
});

const Id = z.object({ id: z.uuid() });
const SHOWN = { description: "the job as it stands now", schema: JobBody } as const;
const NOT_FOUND = refused("NotFound: there is no such job, or it was forgotten");

/** `/admin/jobs` and below. */
export function jobEndpoints(asking: Asking): Endpoint[] {
  const steering = (["pause", "resume", "cancel"] as const).map((action) =>
    steerEndpoint(asking, action),
  );
  return [startEndpoint(asking), listEndpoint(asking), showEndpoint(asking), ...steering];
}

function startEndpoint(asking: Asking): Endpoint {
  return endpoint({
    method: "POST",
    path: "/admin/jobs",
    summary: "Begin a job on buckets; an unseal must be confirmed",
    body: StartBody,
    answers: {
      202: { description: "it will be run", schema: JobBody },
      404: NOT_FOUND,
      409: CONFLICT,
    },
    async handle({ body, request: { id: requestId } }) {
      const input = { id: randomUUID(), wish: wishOf(body) };
      const answer = await askService(asking, { question: startJob, input, requestId });
      return "job" in answer ? { status: 202, body: bodyOf(answer.job) } : refusal(answer);
    },
  });
}

function listEndpoint(asking: Asking): Endpoint {
  return endpoint({
    method: "GET",
    path: "/admin/jobs",
    summary: "The jobs there are and the last ones that ended, the newest first",
    answers: {
      200: { description: "all of them", schema: z.object({ jobs: z.array(JobBody) }) },
    },
    async handle({ request }) {
      const jobs = await allJobs(asking, request);
      return { status: 200, body: { jobs: jobs.map(bodyOf) } };
    },
  });
}

function showEndpoint(asking: Asking): Endpoint {
  return endpoint({
    method: "GET",
    path: "/admin/jobs/{id}",
    summary: "How a job stands",
    params: Id,
    answers: { 200: SHOWN, 404: NOT_FOUND },
    async handle({ params: { id }, request }) {
      const job = (await allJobs(asking, request)).find((one) => one.id === id);
      if (job) return { status: 200, body: bodyOf(job) };
      return { status: 404, body: errorBody("NotFound", `there is no job ${id}`) };
    },
  });
}

const SUMMARIES: Readonly<Record<JobAction, string>> = {
  pause: "Hold a job; what is done by then stays done",
  resume: "Let a job that is held go on",
  cancel: "End a job; what is done by then stays done",
};
const CONFLICT = refused("Conflict: not at this point of the job");

/** The trail is told by edge how jobs begin and end, and by nobody else that one is held. */
const EVENTS: Readonly<Partial<Record<JobAction, ActionEvent>>> = {
  pause: "job.paused",
  resume: "job.resumed",
};

function steerEndpoint(asking: Asking, action: JobAction): Endpoint {
  const event = EVENTS[action];
  return endpoint({
    method: "POST",
    path: `/admin/jobs/{id}/${action}`,
    summary: SUMMARIES[action],
    params: Id,
    answers: { 200: SHOWN, 404: NOT_FOUND, 409: CONFLICT },
    ...(event ? { event } : {}),
    async handle({ params: { id }, request: { id: requestId } }) {
      const input = { id, action };
      const answer = await askService(asking, { question: steerJob, input, requestId });
      return "job" in answer ? { status: 200, body: bodyOf(answer.job) } : refusal(answer);
    },
  });
}

async function allJobs(asking: Asking, { id }: AdminRequest): Promise<readonly Job[]> {
  return (await askService(asking, { question: listJobs, input: {}, requestId: id })).jobs;
}

function wishOf(body: z.infer<typeof StartBody>): JobWish {
  const { kind, buckets, prefix, rate, confirm } = body;
  const wish = JobWish.safeParse({
    ...{ kind, buckets, prefix, perSecond: rate },
    ...(confirm === undefined ? {} : { confirm }),
    isDry: body.dry_run,
    removesSuperseded: body.remove_superseded,
    hasNoWriters: body.no_writers,
    upgrades: body.upgrade,
    isForAll: body.all,
  });
  if (wish.success) return wish.data;
  const problems = wish.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new Fault("input.invalid", `invalid request body: ${problems.join("; ")}`);
}

function bodyOf({ id, wish, status, progress, by, runner, ...job }: Job): z.infer<typeof JobBody> {
  return {
    ...{ id, kind: wish.kind, status, buckets: wish.buckets },
    ...{ prefix: wish.prefix, rate: wish.perSecond, dry_run: wish.isDry },
    remove_superseded: wish.removesSuperseded,
    no_writers: wish.hasNoWriters,
    upgrade: wish.upgrades,
    all: wish.isForAll,
    started_by: by,
    runner: runner?.name,
    created_at: job.createdAt,
    started_at: job.startedAt,
    ended_at: job.endedAt,
    error: job.error,
    progress: progress.map(({ bucket, isDone, counts, reasons }) => ({
      ...{ bucket, done: isDone, counts, reasons },
    })),
  };
}

function refusal({ refusal: { reason, message } }: Extract<JobAnswer, { refusal: unknown }>) {
  const status = reason === "NotFound" ? (404 as const) : (409 as const);
  return { status, body: errorBody(reason, message) };
}
