/** What the services tell the audit trail. */
import { z } from "zod";
import { announcement, question } from "./contract.ts";
import { WrappingKey } from "./keys.ts";

/** How an S3 operation ended. Facts only: no key material, no plaintext, no signature. */
const OperationFact = z.object({
  timestamp: z.iso.datetime(),
  requestId: z.string(),
  operation: z.string(),
  bucket: z.string().optional(),
  key: z.string().optional(),
  versionId: z.string().optional(),
  /** Access key and label of the credential; absent where none was accepted. */
  accessKey: z.string().optional(),
  label: z.string().optional(),
  clientIp: z.string(),
  userAgent: z.string().optional(),
  status: z.number().int(),
  success: z.boolean(),
  /** S3 error code of a refusal. */
  error: z.string().optional(),
  /** The key version that what was written is under, where it was sealed. */
  wrappedUnder: WrappingKey.optional(),
  bytesIn: z.number().int().nonnegative(),
  bytesOut: z.number().int().nonnegative(),
  durationMs: z.number().nonnegative(),
});

/** Announced by edge, heard by audit: an S3 operation has ended, and nobody waits for its event. */
export const operationDone = announcement("audit.operation.done", OperationFact);
export type OperationDone = z.infer<typeof operationDone.fact>;

/**
 * Asked by edge, answered by audit: keep the event of an operation before its client is told that it succeeded. Answered when the
 * event is written for good; asked again with the same request id, it is written once. `limit.busy`: the trail cannot be written.
 */
export const recordOperation = question("audit.operation.record", {
  input: OperationFact,
  output: z.object({}),
});

/** What crypto finds out by itself, beside how an operation ends. */
const INCIDENTS = [
  /** What lies on the backend or in the state store is not what was put there; of uploads in parts and what they made. */
  "mpu.tamper_detected",
  /** An operator gave an upload up, through the admin API. */
  "mpu.abort",
  /** A step of an upload could not reach the state store. */
  "mpu.valkey_unavailable",
  /** Bytes left that no key has confirmed: an object that is not sealed, where policy lets it be read. */
  "plain_object.read",
] as const;

/** Announced by crypto, heard by audit: something happened that an operation's result does not tell. Facts only, as above. */
export const incidentSeen = announcement(
  "audit.incident.seen",
  z.object({
    timestamp: z.iso.datetime(),
    requestId: z.string(),
    incident: z.enum(INCIDENTS),
    /** The transfer or question during which it was seen. */
    operation: z.string(),
    bucket: z.string(),
    key: z.string(),
    versionId: z.string().optional(),
    uploadId: z.string().optional(),
    /** Fault code; absent where nothing failed. */
    fault: z.string().optional(),
  }),
);
export type IncidentSeen = z.infer<typeof incidentSeen.fact>;

/** Announced by keys, heard by audit: an operator decided about a key version. */
export const keyVersionChanged = announcement(
  "audit.key-version.changed",
  z.object({
    timestamp: z.iso.datetime(),
    /**
     * `rotated`: wraps new data keys from now on; `retired`: refused from now on; `restored`: read again; `started`, `failed`, `aborted`: of a
     * rotation by steps, which `rotated` commits.
     */
    action: z.enum(["started", "rotated", "failed", "aborted", "retired", "restored"]),
    provider: z.string(),
    keyId: z.string(),
    keyVersion: z.number().int().nonnegative(),
    /** Of a step. */
    rotationId: z.string().optional(),
    /** Why it failed. */
    error: z.string().optional(),
  }),
);
export type KeyVersionChanged = z.infer<typeof keyVersionChanged.fact>;

/** Announced by every process that reloads its configuration, heard by audit: it goes by other rules, or refuses to. Names of settings, no values. */
export const configurationReloaded = announcement(
  "audit.configuration.reloaded",
  z.object({
    timestamp: z.iso.datetime(),
    /** Of the process. */
    roles: z.array(z.string()),
    /** `files` that changed, also since the `start` had read them, or a `signal`. */
    cause: z.string(),
    success: z.boolean(),
    /** What is other than before. */
    changed: z.array(z.string()),
    /** Settings that have changed and wait for the next start. */
    waiting: z.array(z.string()),
    /** What is wrong with what was read, a problem a line; the rules of before are in force then. */
    error: z.string().optional(),
  }),
);
export type ConfigurationReloaded = z.infer<typeof configurationReloaded.fact>;

/** Announced by edge, heard by audit: a job on whole buckets began or ended. */
export const jobChanged = announcement(
  "audit.job.changed",
  z.object({
    timestamp: z.iso.datetime(),
    action: z.enum(["started", "done", "failed", "cancelled"]),
    jobId: z.string(),
    kind: z.string(),
    buckets: z.array(z.string()),
    prefix: z.string().optional(),
    /** Who began it. */
    by: z.string(),
    /** Why it failed. */
    error: z.string().optional(),
  }),
);
export type JobChanged = z.infer<typeof jobChanged.fact>;

/** What operators do over the admin API that has a name of its own in the trail; everything else that may change something is `admin.action`. */
const ADMIN_EVENTS = [
  /** Somebody came without the token. */
  "auth.failure",
  "log_level.changed",
  /** A profile was taken, or asked for. */
  "pprof_fetch",
  "job.paused",
  "job.resumed",
  "admin.action",
] as const;

/** What was asked for, by the names of the request: scalars and lists of texts, as its schema let them through. */
export const AdminWish = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]),
);
export type AdminWish = z.infer<typeof AdminWish>;

const AdminAction = z.strictObject({
  timestamp: z.iso.datetime(),
  /** Of the request, or the last one of those that are told of. */
  requestId: z.string(),
  event: z.enum(ADMIN_EVENTS),
  /** Method and path of the endpoint, with the names of its parameters: what somebody made up is in neither. */
  operation: z.string(),
  /** Of the TCP peer; absent where several are told of at once. */
  clientIp: z.string().optional(),
  /** How the operator showed to be one; absent for who was not let in. */
  authentication: z.enum(["bearer"]).optional(),
  /** HTTP status. */
  status: z.int(),
  success: z.boolean(),
  /** Code of the error. */
  error: z.string().optional(),
  /** How many requests an `auth.failure` tells of. */
  count: z.int().positive().optional(),
  wish: AdminWish.optional(),
});
export type AdminAction = z.infer<typeof AdminAction>;

/**
 * Asked by admin, answered by audit: keep the event of what an operator did, or of who was no operator. Answered when it is written for good;
 * asked again with the same request id, it is written once. `limit.busy`: the trail cannot be written. Nothing an operator does waits for it.
 */
export const recordAdminAction = question("audit.admin-action.record", {
  input: AdminAction,
  output: z.object({}),
});
