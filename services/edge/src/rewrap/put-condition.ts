/** Whether a backend holds to If-Match on PutObject until it commits: a condition that is forgotten while the body comes is a write lost in silence. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Backend, BackendRequest, HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { type Body, bodyOfPieces } from "@s3eg/shared/http/body.ts";

const NOTHING_HAS = '"00000000000000000000000000000000"';
/** Each half is more than what servers take in with the head. */
const HALF = Buffer.alloc(512 * 1024, "probe");
/** Until the server has begun with the request. */
const BEGUN_MS = 150;
/** A server that locks the object lets nobody else write meanwhile: then the first one goes on, and the other is served after it. */
const LOCKED_MS = 1000;

/** An object of our own that may be overwritten and deleted. */
export interface ProbedObject {
  readonly backend: Pick<Backend, "send">;
  readonly bucket: string;
  readonly key: string;
}

/** What a backend makes of If-Match on PUT. */
export interface PutCondition {
  readonly isHeeded: boolean;
  /** The object is locked from the head of the request to its end: who reads it to write it would wait for itself. */
  readonly isLocking: boolean;
}

const IGNORED: PutCondition = { isHeeded: false, isLocking: false };

/**
 * It is heeded if another tag refuses, the right one does not, nothing is made where nothing is any more, and a write that comes between
 * the head and the last byte is not overwritten. versitygw looks when the request begins; MinIO locks the object.
 */
export async function probePut(probed: ProbedObject): Promise<PutCondition> {
  const first = await write(probed, {});
  const isRefused = !(await write(probed, { "if-match": NOTHING_HAS })).isDone;
  const again = await write(probed, { "if-match": first.etag });
  if (!isRefused || !again.isDone) return IGNORED;
  const { isKept, isLocking } = await writeBetween(probed, again.etag);
  if (!isKept) return IGNORED;
  const { etag } = await write(probed, {});
  await ask(probed, { method: "DELETE" });
  const revived = await write(probed, { "if-match": etag });
  return revived.isDone ? IGNORED : { isHeeded: true, isLocking };
}

async function writeBetween(
  probed: ProbedObject,
  etag: string,
): Promise<{ isKept: boolean; isLocking: boolean }> {
  let between: ReturnType<typeof write> | undefined;
  let isLocking = false;
  async function* halves() {
    yield HALF;
    await sleep(BEGUN_MS);
    between = write(probed, {}, Buffer.from("written in between"));
    between.catch(() => undefined);
    isLocking = await Promise.race([between.then(() => false), sleep(LOCKED_MS, true)]);
    yield HALF;
  }
  const slow = { body: bodyOfPieces(halves()), sizeBytes: 2 * HALF.byteLength };
  const outer = await write(probed, { "if-match": etag }, slow).catch(() => NOT_WRITTEN);
  const inner = await between?.catch(() => NOT_WRITTEN);
  if (!outer.isDone) return { isKept: true, isLocking };
  const now = await ask(probed, { method: "HEAD" });
  return { isKept: inner?.isDone === true && now.headers.etag !== outer.etag, isLocking };
}

const NOT_WRITTEN = { isDone: false, etag: "" };

async function write(
  probed: ProbedObject,
  headers: HeaderFields,
  body: Uint8Array | { body: Body; sizeBytes: number } = Buffer.from("probe"),
): Promise<{ isDone: boolean; etag: string }> {
  const { status, headers: told } = await ask(probed, { method: "PUT", headers, body });
  return { isDone: status === 200, etag: told.etag ?? "" };
}

async function ask(
  { backend, bucket, key }: ProbedObject,
  asked: Pick<BackendRequest, "method" | "headers" | "body">,
): Promise<{ status: number; headers: HeaderFields }> {
  const response = await backend.send({ bucket, key, requestId: key, ...asked });
  await response.text();
  return response;
}
