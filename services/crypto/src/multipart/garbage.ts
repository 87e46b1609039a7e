/**
 * What is left of uploads that nobody will complete any more. An upload has two sides, the backend's and the state's; each may end
 * without the other: a life-cycle rule of the backend aborts it, a worker dies in the middle of an Abort, a client never comes back.
 */
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { isFault } from "@s3eg/shared/faults.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { atMost } from "@s3eg/shared/runtime/at-most.ts";
import { RESULT_TTL_MS, type UploadRecord } from "../multipart-state/multipart-state.ts";
import { customerKeyOf, type UploadRooms, uploadRequest } from "./uploads.ts";

/** What clearing needs. */
export type GarbageRooms = Pick<UploadRooms, "backend" | "state" | "now">;

const REQUEST_ID = "cleanup";
const BATCH = 100;
const ASKED_AT_ONCE = 4;

/** Uploads whose state ends within `expiringWithinMs`. */
export async function* expiringUploads(
  { state, now }: Omit<GarbageRooms, "backend">,
  { expiringWithinMs }: { expiringWithinMs: number },
): AsyncGenerator<UploadRecord> {
  for await (const { upload, expiresAtMs } of state.list()) {
    if (expiresAtMs < now() + expiringWithinMs) yield upload;
  }
}

/**
 * Uploads that have ended on the backend. One of which it says nothing clear is none of them, nor one whose object was made within the
 * hour: its Complete may come again for its answer.
 */
export async function* endedUploads(rooms: GarbageRooms): AsyncGenerator<UploadRecord> {
  for await (const batch of batchesOf(rooms.state.list())) {
    const ended = await atMost(ASKED_AT_ONCE, batch, async ({ upload }) =>
      (await isGone(rooms, upload)) ? upload : undefined,
    );
    yield* ended.filter((upload) => upload !== undefined);
  }
}

async function* batchesOf<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item[]> {
  let batch: Item[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

/** Ends an upload on both sides: the parts on the backend, then the parked ones and the state. False where the backend refused. */
export async function endUpload(
  { backend, state }: Omit<GarbageRooms, "now">,
  upload: UploadRecord,
): Promise<boolean> {
  const response = await backend.send({
    method: "DELETE",
    ...uploadRequest(addressOf(upload)),
    requestId: REQUEST_ID,
  });
  await response.text();
  const hasEnded = response.status < 300 || response.status === 404;
  if (hasEnded) await state.remove(upload);
  return hasEnded;
}

async function isGone(rooms: GarbageRooms, upload: UploadRecord): Promise<boolean> {
  const response = await rooms.backend.send({
    method: "GET",
    ...uploadRequest(addressOf(upload), [["max-parts", "1"]]),
    requestId: REQUEST_ID,
  });
  if (response.status < 300) {
    await response.text();
    return false;
  }
  // Something in between may answer 404, too: only S3's own word counts.
  const { s3Code } = (await backendFault(response)).details;
  const isGoneThere = s3Code === "NoSuchUpload" || s3Code === "NoSuchBucket";
  return isGoneThere && !(await wasJustCompleted(rooms, upload));
}

async function wasJustCompleted(
  { backend, now }: GarbageRooms,
  upload: UploadRecord,
): Promise<boolean> {
  const { bucket, key, identity, policy, header } = upload;
  const headers = customerKeyOf(policy);
  const asking = { method: "HEAD", bucket, key, identity, headers, requestId: REQUEST_ID } as const;
  const response = await backend.send(asking);
  await response.text();
  if (response.status === 404) return false;
  const madeAtMs = Date.parse(response.headers["last-modified"] ?? "");
  const isOurs = response.status !== 200 || response.headers[HEADER_FIELD] === header;
  return isOurs && !(madeAtMs < now() - RESULT_TTL_MS);
}

/** The upload as a request names it. */
function addressOf({ bucket, key, identity, uploadId }: UploadRecord) {
  return { target: { bucket, key, identity }, uploadId };
}

/** Ends all of these; gives how many uploads that were. One that fails is left for the next time. */
export async function endAll(
  rooms: Omit<GarbageRooms, "now">,
  uploads: AsyncIterable<UploadRecord>,
): Promise<number> {
  let ended = 0;
  for await (const upload of uploads) {
    try {
      if (await endUpload(rooms, upload)) ended += 1;
    } catch (error) {
      if (!isFault(error, "backend.unavailable", "backend.throttled")) throw error;
    }
  }
  return ended;
}
