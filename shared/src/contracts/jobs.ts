/** Jobs on whole buckets: what they are told to do, how they stand, and what edge answers about them. Edge keeps them and runs them. */
import { z } from "zod";
import { question } from "./contract.ts";
import { AskerProof, answerOf } from "./keys.ts";

/** What a job can be. */
export const JobKind = z.enum(["rewrap", "seal-existing", "unseal", "verify"]);
export type JobKind = z.infer<typeof JobKind>;

/** Most buckets of one job. */
const MAX_BUCKETS = 20;

/** What is to be done, and to what. It never changes: a job that is to do something else is another one. */
export const JobWish = z
  .strictObject({
    kind: JobKind,
    buckets: z.array(z.string().min(3).max(63)).min(1).max(MAX_BUCKETS),
    /** Of the keys; empty: all. */
    prefix: z.string().max(1024).default(""),
    /** Objects looked at per second. */
    perSecond: z.number().positive().max(1_000_000).default(1000),
    /** Nothing is written. */
    isDry: z.boolean().default(false),
    /** The version that a new one took the place of is deleted. */
    removesSuperseded: z.boolean().default(false),
    /** Nobody writes meanwhile, as the operator says. */
    hasNoWriters: z.boolean().default(false),
    /** Of a re-wrap: objects of format 1 are sealed as format 2. */
    upgrades: z.boolean().default(false),
    /** Of a re-wrap: also what already names the version that writes. */
    isForAll: z.boolean().default(false),
    /** Of an unseal that writes: must be `plaintext`. */
    confirm: z.string().max(64).optional(),
  })
  .refine(({ kind, isDry, confirm }) => kind !== "unseal" || isDry || confirm === "plaintext", {
    path: ["confirm"],
    message: "an unseal leaves plaintext on the backend: say `plaintext` to confirm it",
  });
export type JobWish = z.infer<typeof JobWish>;

const Counts = z.record(z.string(), z.int().nonnegative());

/** How far a job came in one bucket. */
export const BucketProgress = z.strictObject({
  bucket: z.string(),
  isDone: z.boolean(),
  /** The last object of the last page that was done. */
  after: z.strictObject({ key: z.string(), versionId: z.string().optional() }).optional(),
  /** Objects by what became of them. */
  counts: Counts,
  /** Objects by why they were left as they are, failed, or what is left of them. */
  reasons: Counts,
});
export type BucketProgress = z.infer<typeof BucketProgress>;

/** `waiting`: nobody has taken it yet, or who had it gave it back. */
export const JobStatus = z.enum(["waiting", "running", "paused", "done", "failed", "cancelled"]);
export type JobStatus = z.infer<typeof JobStatus>;

/** A job. Times are ISO 8601. */
export const Job = z.strictObject({
  id: z.uuid(),
  wish: JobWish,
  /** Who began it: `admin`, or `cli`. */
  by: z.string().max(64),
  status: JobStatus,
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().optional(),
  endedAt: z.iso.datetime().optional(),
  /** Who runs it, and until when (ms) it is believed to. */
  runner: z.strictObject({ name: z.string(), untilMs: z.int() }).optional(),
  /** How often it was taken. */
  turn: z.int().nonnegative(),
  /** Why it failed, or waits: fault code and message. */
  error: z.string().optional(),
  /** Its end was told to the audit trail. */
  isTold: z.boolean().optional(),
  progress: z.array(BucketProgress),
});
export type Job = z.infer<typeof Job>;

/** Why something is not done. It is an answer and not a fault, so that it is proven to come from edge. */
const Refusal = z.strictObject({
  reason: z.enum(["NotFound", "Conflict", "BadRequest"]),
  message: z.string(),
});
const JobAnswer = answerOf(z.union([z.object({ job: Job }), z.object({ refusal: Refusal })]));

/** One job, or why not. */
export type JobAnswer = { readonly job: Job } | { readonly refusal: z.infer<typeof Refusal> };

/** Asked by admin, answered by edge: begin a job. `id` is the asker's: a question that comes twice begins one job. */
export const startJob = question("edge.job.start", {
  input: z.strictObject({ asker: AskerProof.optional(), id: z.uuid(), wish: JobWish }),
  output: JobAnswer,
});

/** Asked by admin, answered by edge: the jobs there are, the newest first. */
export const listJobs = question("edge.job.list", {
  input: z.strictObject({ asker: AskerProof.optional() }),
  output: answerOf(z.object({ jobs: z.array(Job) })),
});

/** What may be done to a job under way. */
export const JobAction = z.enum(["pause", "resume", "cancel"]);
export type JobAction = z.infer<typeof JobAction>;

/** Asked by admin, answered by edge: hold a job, let it go on, or end it. What is done by then stays done. */
export const steerJob = question("edge.job.steer", {
  input: z.strictObject({ asker: AskerProof.optional(), id: z.uuid(), action: JobAction }),
  output: JobAnswer,
});
