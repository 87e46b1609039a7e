/** `verify`: opens every object of a bucket, former versions too, as a client would who reads it to its last byte, and tells what does not open. */
import { openObject } from "@s3eg/shared/contracts/crypto.ts";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import type { Rooms } from "../operations/operation.ts";
import { placeOf, type S3Request, targetOf } from "../s3-request.ts";
import { type BucketWalk, type JobPage, walkBucket } from "./bucket-walk.ts";
import { type JobOutcome, type JobParts, jobRequest, jobRooms, OUTAGES } from "./job-parts.ts";

/** Goes through a bucket page by page, and writes nothing. Throws outages. */
export async function* verifyBucket(parts: JobParts, walk: BucketWalk): AsyncGenerator<JobPage> {
  const { bucket } = walk;
  const rooms = jobRooms(parts);
  yield* walkBucket(parts, walk, async (object) => {
    return await verifyObject(jobRequest(parts, { name: "verify", bucket, ...object }), rooms);
  });
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
