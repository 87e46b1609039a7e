/** `Expect: 100-continue` of clients who are nobody: whether they may write only the backend knows, so it is asked before the body is. */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { ANONYMOUS } from "./auth/credentials.ts";
import type { S3Request } from "./s3-request.ts";

/**
 * The expectation to hand on with a body (RFC 9110 §10.1.1). Nothing where the caller is known: the gateway has judged that one itself,
 * and waiting for the backend as well would cost each upload a round trip.
 */
export function awaitedContinue({
  headers,
  principal,
}: Pick<S3Request, "headers" | "principal">): HeaderFields {
  const isAwaited = /(?:^|\W)100-continue(?:$|\W)/i.test(headers.expect ?? "");
  return isAwaited && principal.identity === ANONYMOUS ? { expect: "100-continue" } : {};
}
