/**
 * An object stored anew in its own place, sealed or as it is, as the policies of the request say: read exactly as it was looked at, and
 * written only over that. With it go metadata, tags, grants, storage class and lock; in parts goes what was in parts.
 */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { versionQuery } from "@s3eg/shared/backend/version-query.ts";
import { ChecksumName } from "@s3eg/shared/contracts/crypto.ts";
import { HEADER_FIELD, MAX_OBJECT_BYTES } from "@s3eg/shared/format/layout.ts";
import { partCountOfEtag } from "@s3eg/shared/format/sizes.ts";
import { copiedTags } from "../copy/copied-tags.ts";
import type { CopySource } from "../copy/copy-source.ts";
import { sealedCopy } from "../copy/sealed-copy.ts";
import { clientsHeaders } from "../object-metadata.ts";
import { isInParts, partsOf } from "../object-parts.ts";
import { objectSizeOf } from "../object-size.ts";
import type { Rooms } from "../operations/operation.ts";
import { carriedHeaders, grantHeaders } from "../rewrap/carried-settings.ts";
import type { CopyConditions } from "../rewrap/copy-conditions.ts";
import type { S3Request } from "../s3-request.ts";
import { storeInParts } from "./store-in-parts.ts";

/** What is stored anew. */
export interface StoredAgain {
  readonly source: CopySource;
  /** The backend's answer to HEAD. */
  readonly headers: HeaderFields;
  /** Which conditions the backend honours. */
  readonly honoured: CopyConditions;
}

/** Most bytes that are read before a write begins (`small-reads.ts`). */
export const SMALL_BYTES = 1024 * 1024;
/** Plaintext of each part of an object that is too large for one PUT and was not in parts. */
const PART_BYTES = 64 * 1024 * 1024;
const MIN_PART_BYTES = 5 * 1024 * 1024;
const MAX_PARTS = 10_000;

/**
 * Stores the object anew, and tells the version that was made, where the backend has versions. Throws `backend.refused` with status 412
 * where it is another one by now, and the faults of crypto.
 */
export async function storeInPlace(
  request: S3Request,
  rooms: Rooms,
  stored: StoredAgain,
): Promise<{ versionId: string | undefined }> {
  const { source, headers, honoured } = stored;
  const shown = await clientsHeaders(request, rooms, { ...source, headers });
  const storing = {
    ...carriedHeaders(shown, Date.now()),
    ...(await grantHeaders(request, source, rooms)),
    ...(await copiedTags(request, { source, found: headers, rooms })),
  };
  const match = { "if-match": headers.etag ?? "" };
  const algorithm = checksumOf(headers);
  const sizes = await partSizes(request, rooms, stored);
  if (sizes.length > 0) {
    return await storeInParts(request, rooms, {
      source,
      sizes,
      reading: match,
      storing,
      conditions: honoured.completion ? match : {},
      algorithm,
    });
  }
  const { headers: told = {} } = await sealedCopy(request, rooms, {
    source,
    reading: match,
    storing: { ...storing, ...(honoured.put ? match : {}) },
    sourceVersion: source.versionId,
    algorithm,
  });
  return { versionId: told["x-amz-version-id"] };
}

/** The algorithm of a checksum that the backend tells of an object that is not sealed. */
function checksumOf(headers: HeaderFields): ChecksumName | undefined {
  if (headers[HEADER_FIELD] !== undefined) return undefined;
  return ChecksumName.options.find((name) => headers[`x-amz-checksum-${name}`] !== undefined);
}

/** Plaintext bytes of each part that it is stored in; none where it goes in one. */
async function partSizes(
  request: S3Request,
  rooms: Rooms,
  { source, headers, honoured }: StoredAgain,
): Promise<number[]> {
  const { etag = "", [HEADER_FIELD]: header } = headers;
  if (isInParts(header)) {
    const { place, ...object } = source;
    const pinned = { ...object, etag };
    const { parts } = await partsOf(request, rooms, { object: pinned, place, headers: {} });
    return parts.map((part) => part.size);
  }
  const size = await objectSizeOf(request, rooms, { ...source, headers });
  const count = header === undefined ? (partCountOfEtag(etag) ?? 1) : 1;
  if (count > 1)
    return evenParts(size, await firstPartSize(request, rooms, { source, count, size }));
  if (size > MAX_OBJECT_BYTES) return evenParts(size, partBytesOf(size));
  const locksOut = honoured.putLocks && size > SMALL_BYTES;
  return locksOut ? evenParts(size, partBytesOf(size)) : [];
}

function partBytesOf(size: number): number {
  return Math.max(PART_BYTES, Math.ceil(size / MAX_PARTS));
}

/** That of the backend's first part, where all of that size would be as many as it has. */
async function firstPartSize(
  request: S3Request,
  { backend }: Rooms,
  { source, count, size }: { source: CopySource; count: number; size: number },
): Promise<number> {
  const { bucket, key, versionId } = source;
  const query = [["partNumber", "1"] as const, ...versionQuery(versionId)];
  const { id: requestId, signal } = request;
  const response = await backend.send({ method: "HEAD", bucket, key, query, requestId, signal });
  if (response.status >= 500) throw await backendFault(response);
  await response.text();
  const first = Number(response.headers["content-length"]);
  if (response.status < 300 && first > 0 && Math.ceil(size / first) === count) return first;
  return Math.max(MIN_PART_BYTES, Math.ceil(size / count));
}

function evenParts(size: number, each: number): number[] {
  const count = Math.max(1, Math.ceil(size / each));
  return Array.from({ length: count }, (_, at) => Math.min(each, size - at * each));
}
