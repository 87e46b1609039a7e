/** What errors of Google Cloud KMS mean (google.rpc.Code, as the SDK gives it for every answer and for none). */
import { Fault } from "@s3eg/shared/faults.ts";

/** Said of what it can't open, and of much else that it can't make sense of. */
const INVALID_ARGUMENT = 3;

/** It answers, and says no. */
const DENIED: Readonly<Record<number, string>> = {
  5: "NOT_FOUND",
  7: "PERMISSION_DENIED",
  // The key is disabled, or destroyed, or for another purpose.
  9: "FAILED_PRECONDITION",
  12: "UNIMPLEMENTED",
  16: "UNAUTHENTICATED",
};

/** The fault that an error stands for. What is in neither list may pass: no answer, throttled, no token. */
export function gcpFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const code = codeOf(error);
  const denied = code === undefined ? undefined : DENIED[code];
  // Messages of errors may quote what was sent.
  const cause = new Error(denied ?? (code === undefined ? "no code" : `code ${code}`));
  if (code === INVALID_ARGUMENT) {
    return new Fault("crypto.integrity", "wrapped key does not verify", { cause });
  }
  return denied === undefined
    ? new Fault("keys.unavailable", `Google Cloud KMS failed (${cause.message})`, { cause })
    : new Fault("keys.denied", `Google Cloud KMS refuses the key (${denied})`, { cause });
}

function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "number" ? error.code : undefined;
}
