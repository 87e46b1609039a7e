/** Maintenance during which nothing may be written (`server.read_only`). Reads go on, and so do jobs: an operator began them. */
import type { Operation } from "./operations/operation.ts";
import { s3Error } from "./s3/errors.ts";

/** Methods that change nothing (RFC 9110 §9.2.1). */
const SAFE: readonly Operation["method"][] = ["GET", "HEAD"];
/** Clients that heed it try again so soon, and come through when the maintenance is over. */
const RETRY_AFTER_SECONDS = 5;

/** Refuses an operation that writes: `ServiceUnavailable`, which clients of S3 try again. */
export function refuseWrite({ method }: Pick<Operation, "method">): void {
  if (SAFE.includes(method)) return;
  throw s3Error("ServiceUnavailable", {
    message: "This server is read-only for maintenance. Please try again later.",
    headers: { "retry-after": `${RETRY_AFTER_SECONDS}` },
  });
}
