/**
 * If-Range (RFC 9110 §13.1.5): the range if the object is still the one the client knows, otherwise all of it. It is asked as
 * If-Match or If-Unmodified-Since, so that the backend judges it together with the read.
 */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { isFault } from "@s3eg/shared/faults.ts";
import type { S3Request } from "./s3-request.ts";

/** Runs `read` with the request's range, or once more without it where the condition fails. */
export async function underIfRange<Answer>(
  request: S3Request,
  read: (request: S3Request) => Promise<Answer>,
): Promise<Answer> {
  const { "if-range": validator, range, ...headers } = request.headers;
  if (validator === undefined) return await read(request);
  const readWhole = () => read({ ...request, headers });
  const condition = conditionOf(validator);
  const isConditional = headers["if-match"] ?? headers["if-unmodified-since"];
  // A range may be ignored at any time (RFC 9110 §14.2): where the client has other conditions of the kind, they are what counts.
  if (range === undefined || condition === undefined || isConditional !== undefined) {
    return await readWhole();
  }
  try {
    return await read({ ...request, headers: { ...headers, range, ...condition } });
  } catch (error) {
    if (isFault(error, "backend.refused") && error.details.status === 412) return await readWhole();
    throw error;
  }
}

/** Undefined for a weak tag: it never compares equal in the strong way that ranges need (RFC 9110 §8.8.3.2). */
function conditionOf(validator: string): HeaderFields | undefined {
  if (validator.startsWith("W/")) return undefined;
  const isDate = !validator.startsWith('"') && !Number.isNaN(Date.parse(validator));
  return isDate ? { "if-unmodified-since": validator } : { "if-match": validator };
}
