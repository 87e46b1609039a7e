/**
 * CORS preflights (Fetch standard; S3 API, "OPTIONS object"). Browsers never sign them, so they are asked of the backend unsigned: the
 * answer tells no more than the bucket's CORS rules, which the backend holds. The preflight of a presigned URL is asked as the one it names.
 */
import type { Backend } from "@s3eg/shared/backend/backend.ts";
import { ANONYMOUS, type Credentials } from "./auth/credentials.ts";
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
  { backend, credentials }: { backend: Backend; credentials: Credentials },
): Promise<S3Answer> {
  const { bucket, key, headers } = incoming;
  if (bucket === "") throw s3Error("MethodNotAllowed");
  if (headers.origin === undefined) {
    throw s3Error("BadRequest", {
      message: "Insufficient information. Origin request header needed.",
    });
  }
  const identity = identityOf(incoming, credentials);
  const response = await backend.send({
    method: "OPTIONS",
    bucket,
    ...(key === "" ? {} : { key }),
    headers: corsHeaders(headers),
    ...(identity === undefined ? {} : { identity }),
    requestId: id,
    signal,
  });
  return await passedAnswer(response);
}

/**
 * The backend identity that a presigned URL names, for backends where a name means another bucket to each tenant. Its signature is for
 * the request to come, with headers that are not here yet, and S3 asks for none on a preflight. Nobody's for any other.
 */
function identityOf({ query }: Incoming, credentials: Credentials): string | undefined {
  const [accessKeyV4] = (query.get("X-Amz-Credential") ?? "").split("/");
  const credential = credentials.find(accessKeyV4 || (query.get("AWSAccessKeyId") ?? ""));
  return credential ? credential.identity : ANONYMOUS;
}
