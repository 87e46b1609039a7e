/**
 * The one ETag of an object that clients see, and their conditions on it mapped to the backend's, so that the backend evaluates them
 * atomically (ARCHITECTURE.md, "ETags and listings").
 */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { shownHeadersOf } from "@s3eg/shared/backend/backend-fault.ts";
import { versionQuery } from "@s3eg/shared/backend/version-query.ts";
import type { ObjectFacts } from "@s3eg/shared/contracts/crypto.ts";
import { isFault } from "@s3eg/shared/faults.ts";
import type { BucketPolicy } from "./auth/policy.ts";
import type { PinnedObject } from "./facts-index.ts";
import { repeatedHeaders } from "./object-metadata.ts";
import type { Rooms, S3Answer } from "./operations/operation.ts";
import { checksumHeaders, wantsChecksum } from "./s3/checksum-headers.ts";
import { objectConditions, sourceConditions } from "./s3/conditions.ts";
import { clientEtag, type KnownEtag } from "./s3/etags.ts";
import { askingHeaders } from "./s3/headers.ts";
import { identityOf, type S3Request } from "./s3-request.ts";

/** An object that conditions speak of. */
export interface Target {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
}

/** What a client sees of an object whose backend ETag is known. Policy `md5` needs its facts; without any it is the opaque form. */
export function shownEtag(
  { etag: choice }: Pick<BucketPolicy, "etag">,
  backendEtag: string,
  facts: ObjectFacts | undefined,
): string {
  return choice === "md5" && facts?.etag !== undefined
    ? `"${facts.etag}"`
    : clientEtag(backendEtag);
}

/** What a client sees of an object, looked up where the policy needs it. */
async function lookUpEtag(
  request: S3Request,
  object: PinnedObject,
  { known }: Rooms,
): Promise<string> {
  const policy = request.policyOf(object.bucket);
  if (policy.etag === "opaque") return clientEtag(object.etag);
  return shownEtag(policy, object.etag, await known.of(request, object));
}

/**
 * Header fields of an answer to a read that only the facts of an object can tell: its ETag where the policy is `md5`, its checksum
 * where the client asks for it and gets the whole object. Nothing is looked up where neither is the case.
 */
export async function toldOf(
  request: S3Request,
  { known }: Rooms,
  read: { headers: HeaderFields; isWhole: boolean },
): Promise<HeaderFields> {
  const { bucket, key, query, policy } = request;
  const { etag } = read.headers;
  const isChecksumWanted = read.isWhole && wantsChecksum(request.headers);
  if (etag === undefined || (policy.etag === "opaque" && !isChecksumWanted)) return {};
  // The version a client did not name is the one that has this ETag: if it is no longer the latest, it has changed.
  const pinned = { bucket, key, versionId: query.get("versionId"), etag };
  const facts = await known.of(request, pinned);
  return {
    etag: shownEtag(policy, etag, facts),
    ...(isChecksumWanted ? checksumHeaders(facts?.checksum) : {}),
  };
}

/** The answer 304 for a fault that means it, with the ETag that clients see; any other error is thrown again. */
export async function notModified(
  error: unknown,
  request: S3Request,
  rooms: Rooms,
): Promise<S3Answer> {
  if (!isFault(error, "backend.refused") || error.details.status !== 304) throw error;
  const tag = error.details.ETag;
  if (typeof tag !== "string") throw error;
  const { bucket, key, query } = request;
  const pinned = { bucket, key, versionId: query.get("versionId"), etag: tag };
  const etag = await lookUpEtag(request, pinned, rooms);
  const repeated = await repeatedHeaders(request, rooms, tag);
  return { status: 304, headers: { ...shownHeadersOf(error), ...repeated, etag } };
}

/** The conditions of a request on the object it names, for the backend. */
export async function conditionsOf(request: S3Request, rooms: Rooms): Promise<HeaderFields> {
  const { headers, query, bucket, key } = request;
  const target = { bucket, key, versionId: query.get("versionId") };
  const names = ["if-match", "if-none-match"];
  return objectConditions(headers, await currentEtag(request, target, { names, rooms }));
}

/** The conditions of a copy on its source, under the names that a read of the source takes them. */
export async function sourceConditionsOf(
  request: S3Request,
  source: Target,
  rooms: Rooms,
): Promise<HeaderFields> {
  const names = ["x-amz-copy-source-if-match", "x-amz-copy-source-if-none-match"];
  return sourceConditions(request.headers, await currentEtag(request, source, { names, rooms }));
}

/** The ETag that an object has now, if a condition under one of `names` speaks of one and policy and backend say different things. */
async function currentEtag(
  request: S3Request,
  target: Target,
  { names, rooms }: { names: readonly string[]; rooms: Rooms },
): Promise<KnownEtag | undefined> {
  const isAsked = names.some((name) => (request.headers[name] ?? "*").trim() !== "*");
  return isAsked ? await etagNow(request, target, rooms) : undefined;
}

/** The ETag that an object has now, in both worlds; undefined where there is none, or where one follows from the other. */
export async function etagNow(
  request: S3Request,
  target: Target,
  { backend, known }: Rooms,
): Promise<KnownEtag | undefined> {
  const policy = request.policyOf(target.bucket);
  if (policy.etag === "opaque") return undefined;
  const { versionId, ...object } = target;
  const response = await backend.send({
    method: "HEAD",
    ...object,
    query: versionQuery(versionId),
    ...identityOf(request),
    headers: askingHeaders(request.headers),
    requestId: request.id,
    signal: request.signal,
  });
  await response.text();
  const etag = response.headers.etag;
  // What can't be looked at matches no tag: the backend will say why when it is asked in earnest.
  if (response.status !== 200 || etag === undefined) return undefined;
  try {
    const facts = await known.of(request, { ...target, etag });
    return { backend: etag, shown: shownEtag(policy, etag, facts) };
  } catch (error) {
    if (isFault(error, "backend.changed", "backend.refused")) return undefined;
    throw error;
  }
}
