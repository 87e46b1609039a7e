/** Encryption that the backend is asked for beside the gateway's own (S3 API, `x-amz-server-side-encryption*`). */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { s3Error } from "./errors.ts";

/** Whether a client's request for server-side encryption goes to the backend, as a second layer, or is refused. */
export type SsePolicy = "pass" | "refuse";

const SSE = /^x-amz-(?:copy-source-)?server-side-encryption/;

/** Refuses what the policy refuses: a request for encryption is never dropped silently. */
export function checkSse({ sse = "pass" }: { sse?: SsePolicy }, headers: HeaderFields): void {
  if (sse === "pass") return;
  const name = Object.keys(headers).find((header) => SSE.test(header));
  if (name === undefined) return;
  throw s3Error("NotImplemented", {
    message: `${name} is not available: policy \`sse: refuse\` leaves encryption to the gateway.`,
  });
}
