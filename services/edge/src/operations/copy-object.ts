/**
 * CopyObject. No data moves where the object stays as it was sealed (format.md §9). It is opened and sealed anew where the source is a
 * plain object that its bucket may contain, where the policies of both buckets name different keys, or where the client asks for a
 * checksum that the source does not have.
 */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import type { ObjectFacts, ObjectPart } from "@s3eg/shared/contracts/crypto.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { legacyMetadataOf } from "@s3eg/shared/legacy/legacy-metadata.ts";
import { refuseUnsealed } from "@s3eg/shared/legacy/readable.ts";
import { hidesMetadata, sealsObjects, sharesKey } from "../auth/policy.ts";
import { checkObjectSize } from "../auth/policy-guard.ts";
import { checkHonoured } from "../backend-probe.ts";
import {
  askingOfSource,
  changedSince,
  checkSourceSize,
  type FoundSource,
  findSource,
} from "../copy/copied-source.ts";
import { copiedTags } from "../copy/copied-tags.ts";
import { checkCopy, checkPlainSource } from "../copy/copy-rules.ts";
import { type CopySource, copySourceOf } from "../copy/copy-source.ts";
import { copyInParts } from "../copy/multipart-copy.ts";
import { copyReissued } from "../copy/reissued-copy.ts";
import { sealedCopy } from "../copy/sealed-copy.ts";
import { retryIfChanged } from "../object-facts.ts";
import { clientsHeaders } from "../object-metadata.ts";
import { isInParts, partsOf } from "../object-parts.ts";
import { objectSizeOf } from "../object-size.ts";
import { namedAlgorithm } from "../s3/checksum-headers.ts";
import { copiedHeaders, storedHeaders, uncopiedHeaders } from "../s3/headers.ts";
import type { S3Request } from "../s3-request.ts";
import { conditionsOf } from "../shown-etag.ts";
import type { Operation, Rooms, S3Answer } from "./operation.ts";

export const copyObject: Operation = {
  name: "CopyObject",
  method: "PUT",
  level: "object",
  isCopy: true,
  async run(request, rooms) {
    const source = copySourceOf(request);
    checkCopy(request, source);
    checkHonoured(request, rooms.honoured, "PUT");
    return await retryIfChanged(async () => {
      const found = await findSource(request, source, rooms);
      try {
        return await copy(request, rooms, { source, found });
      } catch (error) {
        throw changedSince(error, request.headers);
      }
    });
  },
};

interface Source {
  readonly source: CopySource;
  readonly found: FoundSource;
}

async function copy(request: S3Request, rooms: Rooms, of: Source): Promise<S3Answer> {
  const { source, found } = of;
  const { contents } = request.policyOf(source.bucket);
  const isOfFormat2 = found.headers[HEADER_FIELD] !== undefined;
  if (!isOfFormat2) refuseUnsealed(found.headers, contents);
  if (!(isOfFormat2 || legacyMetadataOf(found.headers))) checkPlainSource(request);
  const size = await objectSizeOf(request, rooms, { ...source, headers: found.headers });
  checkSourceSize(size);
  checkObjectSize(request.policy, size);
  const isReplaced = request.headers["x-amz-metadata-directive"] === "REPLACE";
  const shown = isReplaced
    ? found
    : { ...found, headers: await clientsHeaders(request, rooms, { ...source, ...found }) };
  const storing = await storedWithCopy(request, rooms, { source, found: shown });
  const conditions = await conditionsOf(request, rooms);
  const isSealedAgain = isOfFormat2 && sealsObjects(request.policy);
  const { facts, parts } = isSealedAgain ? await knownOf(request, rooms, of) : {};
  const algorithm = facts?.checksum?.algorithm;
  const staysSealed = isSealedAgain && sharesKey(request.policy, request.policyOf(source.bucket));
  const asked = namedAlgorithm(request.headers, "x-amz-checksum-algorithm");
  if (!staysSealed || (asked !== undefined && asked !== algorithm)) {
    return await sealedCopy(request, rooms, {
      source,
      reading: { ...askingOfSource(request.headers), "if-match": found.etag },
      storing: { ...storing, ...conditions },
      sourceVersion: found.headers["x-amz-version-id"],
      algorithm,
    });
  }
  const hides = hidesMetadata(request.policy);
  const copying = { request, rooms, ...of, storing, hidesMetadata: hides, conditions, facts };
  return parts ? await copyInParts(copying, parts) : await copyReissued(copying);
}

/** What is known of a sealed source; its parts where it was uploaded in parts. */
async function knownOf(
  request: S3Request,
  rooms: Rooms,
  { source, found }: Source,
): Promise<{ facts?: ObjectFacts | undefined; parts?: readonly ObjectPart[] }> {
  const { bucket, key, versionId, place } = source;
  const version = versionId === undefined ? {} : { versionId };
  const object = { bucket, key, ...version, etag: found.etag };
  if (!isInParts(found.headers[HEADER_FIELD]))
    return { facts: await rooms.known.of(request, object) };
  const headers = askingOfSource(request.headers);
  return await partsOf(request, rooms, { object, place, headers });
}

/** Header fields to store: the source's or the client's, as the directives say; tags that some backends would drop are given anew. */
async function storedWithCopy(
  request: S3Request,
  rooms: Rooms,
  { source, found }: Source,
): Promise<HeaderFields> {
  const { headers } = request;
  const stored = storedHeaders(headers);
  const isReplaced = headers["x-amz-metadata-directive"] === "REPLACE";
  const { "x-amz-tagging": tagging, ...metadata } = isReplaced
    ? stored
    : { ...uncopiedHeaders(stored), ...copiedHeaders(found.headers) };
  const isTagged = tagging !== undefined && headers["x-amz-tagging-directive"] === "REPLACE";
  if (isTagged) return { ...metadata, "x-amz-tagging": tagging };
  const tags = await copiedTags(request, { source, found: found.headers, rooms });
  return { ...metadata, ...tags };
}
