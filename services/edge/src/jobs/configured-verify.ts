/** `verify`: opens every object of a bucket, former versions too, as a client would who reads it to its last byte, and tells what does not open. */
import { openObject } from "@s3eg/shared/contracts/crypto.ts";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { atMost } from "@s3eg/shared/runtime/at-most.ts";
import type { Rooms } from "../operations/operation.ts";
import { listedVersions, type Marker } from "../rewrap/listed-versions.ts";
import { placeOf, type S3Request, targetOf } from "../s3-request.ts";
import {
  type JobOutcome,
  type JobPage,
  type JobParts,
  jobRequest,
  jobRooms,
  OBJECTS_AT_ONCE,
  OUTAGES,
  paceOf,
} from "./job-parts.ts";

/** What is to be opened. */
export interface VerifyWish {
  readonly bucket: string;
  readonly prefix: string;
  /** Behind which object to begin: where a former run came to. */
  readonly after?: Marker | undefined;
  /** Most objects of a page; absent: a thousand. */
  readonly pageSize?: number | undefined;
  /** Objects opened per second. */
  readonly perSecond: number;
}

/** Goes through a bucket page by page, and writes nothing. Throws outages. */
export async function* verifyBucket(parts: JobParts, wish: VerifyWish): AsyncGenerator<JobPage> {
  const { backend, signal } = parts;
  const { bucket } = wish;
  const rooms = jobRooms(parts);
  const pace = paceOf(wish.perSecond, signal);
  for await (const { objects, marker } of listedVersions(backend, { after: undefined, ...wish })) {
    const outcomes = await atMost(OBJECTS_AT_ONCE, objects, async (object) => {
      await pace();
      signal.throwIfAborted();
      const request = jobRequest(parts, { name: "verify", bucket, ...object });
      return { ...object, ...(await verifyObject(request, rooms)) };
    });
    yield { outcomes, marker };
  }
}

/** Opens one object: `opened`, `plain` where policy lets it lie unsealed, `gone`, or `failed` with the fault code. Throws outages. */
export async function verifyObject(request: S3Request, rooms: Rooms): Promise<JobOutcome> {
  const head = {
    target: targetOf(request),
    place: placeOf(request),
    contents: request.policy.contents,
    headers: {},
    query: [],
  };
  const options = { requestId: request.id, signal: request.signal };
  try {
    const { result, body } = await rooms.crypto.download(openObject, head, options);
    await body.pump(() => undefined);
    return { result: result.isSealed ? "opened" : "plain" };
  } catch (error) {
    if (!(error instanceof Fault) || OUTAGES.has(error.code)) throw error;
    const { status, s3Code } = error.details;
    const isRefusal = isFault(error, "backend.refused");
    if (isRefusal && (status === 404 || status === 405)) return { result: "gone" };
    if (isRefusal && status === 400) return { result: "skipped", reason: "under a customer's key" };
    const isArchived = s3Code === "InvalidObjectState";
    if (isRefusal && isArchived) return { result: "skipped", reason: "archived: restore first" };
    return { result: "failed", reason: error.code };
  }
}
