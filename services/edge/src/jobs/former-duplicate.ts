/**
 * Whether the newest version of an object has the very bytes of a former one. A job that was killed between its write and the deletion of
 * what it took the place of leaves such a pair; so does a client that writes the same twice, which loses nothing by the deletion either.
 */
import { createHash } from "node:crypto";
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { openObject } from "@s3eg/shared/contracts/crypto.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { objectSizeOf } from "../object-size.ts";
import type { Rooms } from "../operations/operation.ts";
import { placeOf, type S3Request } from "../s3-request.ts";
import { headObject } from "./head-object.ts";

/** True if it has, and one of the two is sealed where the other is not. Both are read whole only where their sizes agree. */
export async function isDuplicateOfNewest(
  request: S3Request,
  rooms: Rooms,
  { versionId, headers }: { versionId: string; headers: HeaderFields },
): Promise<boolean> {
  const newest = await headObject(request, rooms.backend, undefined);
  await newest.text();
  const isSealed = headers[HEADER_FIELD] !== undefined;
  if (newest.status !== 200 || isSealed === (newest.headers[HEADER_FIELD] !== undefined))
    return false;
  const { bucket, key } = request;
  const sizes = await Promise.all([
    objectSizeOf(request, rooms, { bucket, key, headers: newest.headers }),
    objectSizeOf(request, rooms, { bucket, key, versionId, headers }),
  ]);
  if (sizes[0] !== sizes[1]) return false;
  const etag = newest.headers.etag ?? "";
  const one = await digestOf(request, rooms, { headers: { "if-match": etag } });
  const other = await digestOf(request, rooms, { versionId, headers: {} });
  return one.equals(other);
}

async function digestOf(
  request: S3Request,
  { crypto }: Rooms,
  { versionId, headers }: { versionId?: string; headers: HeaderFields },
): Promise<Buffer> {
  const { bucket, key } = request;
  const head = {
    target: { bucket, key, ...(versionId === undefined ? {} : { versionId }) },
    place: placeOf(request),
    contents: request.policyOf(bucket).contents,
    headers,
    query: [],
  };
  const options = { requestId: request.id, signal: request.signal };
  const { body } = await crypto.download(openObject, head, options);
  const digest = createHash("sha256");
  await body.pump((piece) => void digest.update(piece));
  return digest.digest();
}
