/** `x-amz-if-match-size` of DeleteObject: the backend knows stored sizes alone, so the size is looked at here and the object pinned by its ETag. */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { versionQuery } from "@s3eg/shared/backend/version-query.ts";
import type { Rooms } from "./operations/operation.ts";
import { plaintextSizeOfAnswer } from "./plaintext-size.ts";
import { s3Error } from "./s3/errors.ts";
import { askingHeaders } from "./s3/headers.ts";
import { type S3Request, targetOf } from "./s3-request.ts";

const FIELD = "x-amz-if-match-size";

/** Answers of a HEAD that say there is no object here: none at all, or a delete marker. */
const ABSENT = new Set([404, 405]);

/**
 * The fields of a DELETE with its condition on the size put as one that the backend evaluates: If-Match on the object of that size.
 * Where nothing lies the condition goes on as it is, for the backend to say what becomes of it. `PreconditionFailed` for another size,
 * `NotImplemented` where the backend ignores If-Match.
 */
export async function withSizeCondition(
  request: S3Request,
  rooms: Rooms,
  headers: HeaderFields,
): Promise<HeaderFields> {
  const { [FIELD]: size, ...others } = headers;
  if (size === undefined) return headers;
  if (rooms.honoured?.deleteOnly === false) throw notAvailable();
  const { versionId, ...target } = targetOf(request);
  const { "if-match": tag } = others;
  const response = await rooms.backend.send({
    method: "HEAD",
    ...target,
    query: versionQuery(versionId),
    headers: {
      ...askingHeaders(request.headers),
      ...(tag === undefined ? {} : { "if-match": tag }),
    },
    requestId: request.id,
    signal: request.signal,
  });
  if (ABSENT.has(response.status)) {
    await response.text();
    return headers;
  }
  if (response.status !== 200) throw await backendFault(response);
  await response.text();
  const found = plaintextSizeOfAnswer(response.headers, request.policy.contents);
  // An object of format 1 that does not say its size has none that could be compared.
  if (String(found) !== size) throw s3Error("PreconditionFailed");
  const { etag } = response.headers;
  if (!etag) throw notAvailable();
  return { ...others, "if-match": etag };
}

function notAvailable(): Error {
  return s3Error("NotImplemented", {
    message: `${FIELD} is not available: the backend does not know the object's size, and ignores If-Match.`,
  });
}
