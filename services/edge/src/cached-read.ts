/**
 * GetObject from the response cache. The backend is asked for the object's head every time, under the client's conditions: its answer says
 * whether what is kept is still the object, and gives every header field. So another gateway's write, copy or deletion shows at once.
 */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import type { ByteRange } from "@s3eg/shared/contracts/crypto.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import type { Body } from "@s3eg/shared/http/body.ts";
import { legacyMetadataOf } from "@s3eg/shared/legacy/legacy-metadata.ts";
import { contentRange, resolveRange } from "@s3eg/shared/s3/range.ts";
import { headBackend } from "./backend-head.ts";
import { hasCustomerKey } from "./object-facts.ts";
import { ownHeaders } from "./object-metadata.ts";
import type { Rooms, S3Answer } from "./operations/operation.ts";
import type { KeptBody } from "./response-cache.ts";
import { answerHeaders } from "./s3/headers.ts";
import { overridden } from "./s3/response-overrides.ts";
import { placeOf, type S3Request } from "./s3-request.ts";
import { conditionsOf, notModified, toldOf } from "./shown-etag.ts";

/** What crypto said of an object that it opened whole. */
export interface OpenedWhole {
  readonly size: number;
  readonly isSealed: boolean;
  readonly headers: HeaderFields;
}

/** The answer to a read, from what is kept; undefined where it has to be read from the backend. */
export async function readCached(
  request: S3Request,
  rooms: Rooms,
  range: ByteRange | undefined,
): Promise<S3Answer | undefined> {
  const { cache } = rooms;
  const name = cache && nameOf(request);
  if (!cache || name === undefined) return undefined;
  const kept = cache.find(name);
  if (!kept) {
    cache.missed("absent");
    return undefined;
  }
  const conditions = await conditionsOf(request, rooms);
  const response = await headBackend(request, rooms, { query: [], conditions });
  if (response.status === 304) {
    return await notModified(await backendFault(response), request, rooms);
  }
  await response.text();
  // Any other refusal is the backend's to give with a body, in answer to a GET.
  if (response.status === 200 && isKept(kept, response.headers)) {
    const place = range ? resolveRange(range, kept.size) : { offset: 0, length: kept.size };
    const headers = await headersOf(request, rooms, { head: response.headers, isWhole: !range });
    const body = cache.take(name, kept, place);
    if (body) return answerOf({ headers, body, place, size: kept.size, isPartial: !!range });
  }
  if (response.status === 200 || response.status === 404) cache.forget(name, kept);
  cache.missed("changed");
  return undefined;
}

/** The body of a whole object, which is kept for later reads where nothing forbids it. */
export function keptForLater(
  request: S3Request,
  { cache }: Pick<Rooms, "cache">,
  { opened, body }: { opened: OpenedWhole; body: Body },
): Body {
  const name = cache && nameOf(request);
  const pin = pinOf(opened.headers);
  // What lies unsealed costs nothing to open, and each reading of it is reported (audit).
  if (!cache || name === undefined || pin === undefined || !opened.isSealed) return body;
  if (isNotToBeStored(opened.headers)) return body;
  return cache.keeping(name, { pin, size: opened.size }, body);
}

/** Under which name a read is kept: what it asks for, as whom, and what policy makes of it. Undefined for one that never is. */
function nameOf(request: S3Request): string | undefined {
  const { bucket, key, query, policy, principal, headers } = request;
  if (policy.noCache || hasCustomerKey(headers)) return undefined;
  // Which CORS rule answers a web page depends on the method, and the backend would be asked by another (Fetch standard, "CORS protocol").
  if (query.get("partNumber") !== undefined || headers.origin !== undefined) return undefined;
  const versionId = query.get("versionId");
  const { identity } = principal;
  const as = [identity ?? null, policy.contents, placeOf(request).bucket];
  return JSON.stringify([bucket, key, versionId ?? null, ...as]);
}

/** What tells one object from the next under the same name: ciphertext is random, and so its ETag is another after every write. */
function pinOf(headers: HeaderFields): string | undefined {
  const { etag } = headers;
  if (etag === undefined) return undefined;
  // An object that was archived is not to be read, whatever is kept of it.
  const others = ["last-modified", "x-amz-version-id", "x-amz-storage-class"];
  return JSON.stringify([etag, ...others.map((name) => headers[name] ?? null)]);
}

function isKept(kept: KeptBody, head: HeaderFields): boolean {
  const isOurs = head[HEADER_FIELD] !== undefined || legacyMetadataOf(head) !== undefined;
  return isOurs && pinOf(head) === kept.pin;
}

/** RFC 9111 §5.2.2.5. */
function isNotToBeStored(headers: HeaderFields): boolean {
  return /(?:^|[\s,])no-store(?:$|[\s,])/i.test(headers["cache-control"] ?? "");
}

async function headersOf(
  request: S3Request,
  rooms: Rooms,
  { head, isWhole }: { head: HeaderFields; isWhole: boolean },
): Promise<HeaderFields> {
  return {
    ...answerHeaders(await ownHeaders(request, rooms, head)),
    ...overridden(request),
    ...(await toldOf(request, rooms, { headers: head, isWhole })),
    "accept-ranges": "bytes",
  };
}

function answerOf(read: {
  headers: HeaderFields;
  body: Body;
  place: { offset: number; length: number };
  size: number;
  isPartial: boolean;
}): S3Answer {
  const { headers, body, place, size, isPartial } = read;
  const sent = { body, sizeBytes: place.length };
  if (!isPartial) return { status: 200, headers, body: sent };
  const range = { "content-range": contentRange(place, size) };
  return { status: 206, headers: { ...headers, ...range }, body: sent };
}
