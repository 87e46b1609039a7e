/** HeadObject: size by arithmetic, ETag by mapping, metadata as stored. No key is needed unless metadata are sealed, or policy or client ask for what only a key can tell (format.md §8, §11). */
import type { BackendResponse, HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { legacyMetadataOf } from "@s3eg/shared/legacy/legacy-metadata.ts";
import { isPartIgnored, PARTS_UNTOLD } from "@s3eg/shared/s3/part-answer.ts";
import { contentRange, parseRange, resolveRange } from "@s3eg/shared/s3/range.ts";
import { headBackend } from "../backend-head.ts";
import { underIfRange } from "../if-range.ts";
import { retryIfChanged } from "../object-facts.ts";
import { ownHeaders } from "../object-metadata.ts";
import { isInParts, partsOf, placeOfPart } from "../object-parts.ts";
import { objectSizeOf } from "../object-size.ts";
import { rangeOf } from "../s3/conditions.ts";
import { s3Error } from "../s3/errors.ts";
import { answerHeaders, askingHeaders } from "../s3/headers.ts";
import { noSuchPart, partHeaders, partNumberOf } from "../s3/part-number.ts";
import { overridden } from "../s3/response-overrides.ts";
import { placeOf, type S3Request } from "../s3-request.ts";
import { conditionsOf, notModified, toldOf } from "../shown-etag.ts";
import type { Operation, Rooms, S3Answer } from "./operation.ts";

export const headObject: Operation = {
  name: "HeadObject",
  method: "HEAD",
  level: "object",
  run: (request, rooms) =>
    retryIfChanged(() => underIfRange(request, (asked) => head(asked, rooms))),
};

async function head(request: S3Request, rooms: Rooms): Promise<S3Answer> {
  const part = partNumberOf(request);
  const conditions = await conditionsOf(request, rooms);
  const response = await headBackend(request, rooms, { query: [], conditions });
  if (response.status !== 200) {
    return await notModified(await backendFault(response), request, rooms);
  }
  if (part !== undefined) return await headPart(request, rooms, { part, whole: response });
  await response.text();
  const size = await sizeOf(request, rooms, response.headers);
  const range = rangeOf(request.headers);
  const told = await toldOf(request, rooms, { headers: response.headers, isWhole: !range });
  const headers = {
    ...(await shownHeaders(request, rooms, response.headers)),
    ...told,
    "accept-ranges": "bytes",
  };
  const asked = parseRange(range);
  return answerOf(headers, size, asked && resolveRange(asked, size));
}

async function shownHeaders(
  request: S3Request,
  rooms: Rooms,
  headers: HeaderFields,
): Promise<HeaderFields> {
  return { ...answerHeaders(await ownHeaders(request, rooms, headers)), ...overridden(request) };
}

async function sizeOf(request: S3Request, rooms: Rooms, headers: HeaderFields): Promise<number> {
  const { bucket, key, query } = request;
  return await objectSizeOf(request, rooms, {
    bucket,
    key,
    versionId: query.get("versionId"),
    headers,
  });
}

/** One part: where it lies only the manifest tells, or the backend of a plain object; any other object is its part 1. */
async function headPart(
  request: S3Request,
  rooms: Rooms,
  { part, whole }: { part: number; whole: BackendResponse },
): Promise<S3Answer> {
  await whole.text();
  const { headers } = whole;
  if (isInParts(headers[HEADER_FIELD]))
    return await headSealedPart(request, rooms, { part, headers });
  const size = await sizeOf(request, rooms, headers);
  if (headers[HEADER_FIELD] === undefined && !legacyMetadataOf(headers))
    return await headPlainPart(request, rooms, { part, etag: headers.etag ?? "" });
  if (part > 1) throw noSuchPart(part, 1);
  const told = await toldOf(request, rooms, { headers, isWhole: true });
  const own = await shownHeaders(request, rooms, headers);
  const shown = { ...own, ...told, "accept-ranges": "bytes" };
  return answerOf(shown, size, { offset: 0, length: size });
}

async function headSealedPart(
  request: S3Request,
  rooms: Rooms,
  { part, headers }: { part: number; headers: HeaderFields },
): Promise<S3Answer> {
  const { bucket, key, query } = request;
  const object = { bucket, key, versionId: query.get("versionId"), etag: headers.etag ?? "" };
  const asking = { object, place: placeOf(request), headers: askingHeaders(request.headers) };
  // Comes first: what is learned of the object here needs not be asked for its ETag.
  const described = await partsOf(request, rooms, asking);
  const place = placeOfPart(described, part);
  const shown = {
    ...(await shownHeaders(request, rooms, headers)),
    ...(await toldOf(request, rooms, { headers, isWhole: false })),
    ...partHeaders(request.headers, { count: described.parts.length, ...place }),
    "accept-ranges": "bytes",
  };
  return answerOf(shown, described.facts.size, place);
}

async function headPlainPart(
  request: S3Request,
  rooms: Rooms,
  { part, etag }: { part: number; etag: string },
): Promise<S3Answer> {
  const query = [["partNumber", String(part)]] as const;
  const response = await headBackend(request, rooms, { query, conditions: { "if-match": etag } });
  if (response.status !== 200 && response.status !== 206) throw await backendFault(response);
  await response.text();
  if (isPartIgnored(response, part)) throw s3Error("NotImplemented", { message: PARTS_UNTOLD });
  const { headers, status } = response;
  const told = await toldOf(request, rooms, { headers, isWhole: status === 200 });
  const length = headers["content-length"] ?? "0";
  const range = headers["content-range"];
  return {
    status,
    headers: {
      ...answerHeaders(headers),
      ...overridden(request),
      ...told,
      "accept-ranges": "bytes",
      "content-length": length,
      ...(range === undefined ? {} : { "content-range": range }),
    },
  };
}

/** `place`: the plaintext that is spoken of where that is not all; nothing of it can't be named as a range. */
function answerOf(
  headers: HeaderFields,
  size: number,
  place?: { readonly offset: number; readonly length: number } | undefined,
): S3Answer {
  const { length } = place ?? { length: size };
  const answer = { ...headers, "content-length": String(length) };
  if (!place || length === 0) return { status: 200, headers: answer };
  return { status: 206, headers: { ...answer, "content-range": contentRange(place, size) } };
}
