/** The shape of an audit event as it is written: field names that users' collectors know. */
import { createHash, randomUUID } from "node:crypto";
import type {
  AdminAction,
  ConfigurationReloaded,
  IncidentSeen,
  JobChanged,
  KeyVersionChanged,
  OperationDone,
} from "@s3eg/shared/contracts/audit.ts";
import type { WrappingKey } from "@s3eg/shared/contracts/keys.ts";
import { canonicalJson } from "@s3eg/shared/trust/canonical-json.ts";

/** Operations whose events have a name of their own; the others are named after the operation. */
const EVENT_TYPES: Readonly<Record<string, string>> = {
  PutObject: "encrypt",
  GetObject: "decrypt",
  DeleteObject: "delete",
  DeleteObjects: "delete",
  CreateMultipartUpload: "mpu.create",
  UploadPart: "mpu.part",
  UploadPartCopy: "copy_part",
  CompleteMultipartUpload: "mpu.complete",
  AbortMultipartUpload: "mpu.abort",
  PutObjectRetention: "put_object_retention",
  PutObjectLegalHold: "put_object_legal_hold",
  PutObjectLockConfiguration: "put_object_lock_configuration",
};

/**
 * One event as one line of JSON, newline included. Its id is that of the request, which ends once. `duration_ms` is milliseconds. Values of metadata keys in `redactedKeys`
 * are replaced by `[REDACTED]`.
 */
export function recordLine(fact: OperationDone, redactedKeys: readonly string[] = []): string {
  const metadata = known({ version_id: fact.versionId, ...keyNames(fact.wrappedUnder) });
  return `${JSON.stringify({
    timestamp: fact.timestamp,
    event_id: fact.requestId,
    event_type: eventType(fact),
    operation: fact.operation,
    bucket: fact.bucket,
    key: fact.key,
    client_ip: fact.clientIp,
    user_agent: fact.userAgent,
    request_id: fact.requestId,
    access_key: fact.accessKey,
    label: fact.label,
    status: fact.status,
    success: fact.success,
    error: fact.error,
    bytes_in: fact.bytesIn,
    bytes_out: fact.bytesOut,
    duration_ms: fact.durationMs,
    metadata: metadata && redact(metadata, redactedKeys),
  })}\n`;
}

/** An incident as one line, newline included. It succeeded where nothing failed. */
export function incidentLine(seen: IncidentSeen, redactedKeys: readonly string[] = []): string {
  const { versionId: version_id, uploadId: upload_id } = seen;
  const metadata = known({ version_id, upload_id });
  return `${JSON.stringify({
    timestamp: seen.timestamp,
    event_id: randomUUID(),
    event_type: seen.incident,
    operation: seen.operation,
    bucket: seen.bucket,
    key: seen.key,
    request_id: seen.requestId,
    success: seen.fault === undefined,
    error: seen.fault,
    metadata: metadata && redact(metadata, redactedKeys),
  })}\n`;
}

const KEY_EVENT_TYPES: Record<KeyVersionChanged["action"], string> = {
  started: "key_rotation.start",
  rotated: "key_rotation.committed",
  failed: "key_rotation.commit_failed",
  aborted: "key_rotation.aborted",
  retired: "key_version.retired",
  restored: "key_version.restored",
};

/** The id of a change of key versions: every replica of keys tells of it, in the same words. */
export function keyVersionEventId(changed: KeyVersionChanged): string {
  return createHash("sha256").update(canonicalJson(changed)).digest("hex").slice(0, 32);
}

/** A change of key versions as one line, newline included. */
export function keyVersionLine(changed: KeyVersionChanged): string {
  const { timestamp, action } = changed;
  const { rotationId: rotation_id, error } = changed;
  return `${JSON.stringify({
    timestamp,
    event_id: keyVersionEventId(changed),
    event_type: KEY_EVENT_TYPES[action],
    operation: "keys",
    success: action !== "failed",
    error,
    metadata: { ...keyNames(changed), rotation_id },
  })}\n`;
}

/** A reload as one line, newline included. */
export function reloadLine(reloaded: ConfigurationReloaded): string {
  const { timestamp, success, error, roles, cause, changed, waiting } = reloaded;
  return `${JSON.stringify({
    timestamp,
    event_id: randomUUID(),
    event_type: success ? "config.reloaded" : "config.reload_refused",
    operation: "reload",
    success,
    error,
    metadata: { roles, cause, changed, waiting },
  })}\n`;
}

/** The id of a beginning or an end of a job: more than one runner may tell of it. */
export function jobEventId({ jobId, action }: JobChanged): string {
  return `${jobId}-${action}`;
}

/** A beginning or an end of a job as one line, newline included. */
export function jobLine(changed: JobChanged): string {
  const { timestamp, action, error, jobId, kind, buckets, prefix, by } = changed;
  return `${JSON.stringify({
    timestamp,
    event_id: jobEventId(changed),
    event_type: `job.${action}`,
    operation: kind,
    bucket: buckets.length === 1 ? buckets[0] : undefined,
    success: action !== "failed",
    error,
    metadata: { job_id: jobId, buckets, prefix, by },
  })}\n`;
}

/** What an operator did, or who was refused as one, as one line, newline included. Its id is that of the request. */
export function adminActionLine(done: AdminAction, redactedKeys: readonly string[] = []): string {
  const { timestamp, requestId, status, success, error, authentication, count, wish } = done;
  const metadata = known({ ...wish, subsystem: "admin", authentication, count });
  return `${JSON.stringify({
    timestamp,
    event_id: requestId,
    event_type: done.event,
    operation: done.operation,
    client_ip: done.clientIp,
    request_id: requestId,
    status,
    success,
    error,
    metadata: metadata && redact(metadata, redactedKeys),
  })}\n`;
}

function eventType({ operation, success, status, accessKey }: OperationDone): string {
  if (!success && accessKey === undefined && status === 403) return "auth.failure";
  if (operation === "UploadPartCopy" && !success) return "copy_part_refused";
  return EVENT_TYPES[operation] ?? operation;
}

/** Names of a key version, as events have them. */
function keyNames(key: WrappingKey | undefined) {
  return { provider: key?.provider, key_id: key?.keyId, key_version: key?.keyVersion };
}

type Metadata = Record<string, string | number | boolean | readonly string[]>;

/** What of it is known; undefined where that is nothing. */
function known(metadata: Record<string, Metadata[string] | undefined>): Metadata | undefined {
  const entries = Object.entries(metadata).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function redact(metadata: Metadata, redactedKeys: readonly string[]) {
  return Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => [
      key,
      redactedKeys.includes(key) ? "[REDACTED]" : value,
    ]),
  );
}
