/** The parts of an object that was uploaded in parts: only its manifest tells them, so crypto is asked (format.md §7). */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { describeParts, type ObjectFacts, ObjectPart } from "@s3eg/shared/contracts/crypto.ts";
import type { Place } from "@s3eg/shared/contracts/keys.ts";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import { collectedList } from "./collected-list.ts";
import type { PinnedObject } from "./facts-index.ts";
import type { Rooms } from "./operations/operation.ts";
import { noSuchPart } from "./s3/part-number.ts";
import { identityOf, type S3Request } from "./s3-request.ts";

/** An object and its parts, in rising order of their numbers. */
export interface DescribedParts {
  readonly facts: ObjectFacts;
  readonly parts: readonly ObjectPart[];
}

/** True if an object with this header was uploaded in parts, as the header itself says, unproven. */
export function isInParts(header: string | undefined): boolean {
  return header !== undefined && decodeHeader(header).plaintextSize === undefined;
}

/** The parts of an object exactly as its ETag pins it. `headers`: what a read of it must say. Throws the faults of crypto. */
export async function partsOf(
  request: S3Request,
  { crypto, known }: Rooms,
  { object, place, headers }: { object: PinnedObject; place: Place; headers: HeaderFields },
): Promise<DescribedParts> {
  const { bucket, key, versionId, etag } = object;
  const version = versionId === undefined ? {} : { versionId };
  const target = { bucket, key, ...version, ...identityOf(request) };
  const head = { target, place, etag, headers };
  const options = { requestId: request.id, signal: request.signal };
  const { result, body } = await crypto.download(describeParts, head, options);
  const parts = await collectedList(body, ObjectPart);
  known.learn(object, result.facts);
  return { facts: result.facts, parts };
}

/** Where the plaintext of one part lies, and the part's checksum; `InvalidPartNumber` where there is none of that number. */
export function placeOfPart(
  { facts, parts }: DescribedParts,
  partNumber: number,
): { offset: number; length: number; checksum?: ObjectFacts["checksum"] } {
  const index = parts.findIndex((part) => part.partNumber === partNumber);
  const found = parts[index];
  if (!found) throw noSuchPart(partNumber, parts.length);
  const offset = parts.slice(0, index).reduce((sum, { size }) => sum + size, 0);
  const place = { offset, length: found.size };
  if (found.checksum === undefined || !facts.checksum) return place;
  const { algorithm, type } = facts.checksum;
  return { ...place, checksum: { algorithm, type, value: found.checksum } };
}
