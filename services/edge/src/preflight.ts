/**
 * CORS preflights (Fetch standard; S3 API, "OPTIONS object"). Browsers never sign them, so they are asked of the backend unsigned: the
 * answer tells no more than the bucket's CORS rules, which the backend holds.
 */
import type { Backend } from "@s3eg/shared/backend/backend.ts";
import type { Incoming } from "./incoming.ts";
import type { S3Answer } from "./operations/operation.ts";
import { passedAnswer } from "./operations/pass-through.ts";
import { s3Error } from "./s3/errors.ts";
import { corsHeaders } from "./s3/headers.ts";

/** The name of a preflight in log, metrics and audit. */
export const PREFLIGHT = "Preflight";

/** Answers a preflight of a bucket or an object. */
export async function answerPreflight(
  { incoming, id, signal }: { incoming: Incoming; id: string; signal: AbortSignal },
  backend: Backend,
): Promise<S3Answer> {
  const { bucket, key, headers } = incoming;
  if (bucket === "") throw s3Error("MethodNotAllowed");
  const response = await backend.send({
    method: "OPTIONS",
    bucket,
    ...(key === "" ? {} : { key }),
    headers: corsHeaders(headers),
    identity: "anonymous",
    requestId: id,
    signal,
  });
  return await passedAnswer(response);
}
