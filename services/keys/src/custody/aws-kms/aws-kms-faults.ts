/** What the exceptions of AWS KMS mean (AWS KMS API, "Errors" of Encrypt and Decrypt, and "Common Errors"). */
import { Fault } from "@s3eg/shared/faults.ts";

/** The ciphertext or its encryption context is not genuine. */
const NOT_GENUINE = new Set(["InvalidCiphertextException"]);

/** It answers, and says no. */
const DENIED = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "DisabledException",
  "IncorrectKeyException",
  "InvalidArnException",
  "InvalidGrantTokenException",
  "InvalidKeyUsageException",
  "InvalidSignatureException",
  "KMSInvalidStateException",
  "MissingAuthenticationToken",
  "NotAuthorized",
  "NotFoundException",
  "OptInRequired",
  "UnrecognizedClientException",
  "ValidationException",
]);

/** The fault that an exception stands for. What is in neither list may pass: no answer, throttled, an expired token. */
export function awsKmsFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const name = exceptionName(error);
  // Messages of exceptions may quote what was sent.
  const cause = new Error(name);
  if (NOT_GENUINE.has(name)) {
    return new Fault("crypto.integrity", "wrapped key does not verify", { cause });
  }
  return DENIED.has(name)
    ? new Fault("keys.denied", `AWS KMS refuses the key (${name})`, { cause })
    : new Fault("keys.unavailable", `AWS KMS failed (${name})`, { cause });
}

/** What AWS calls an exception, or Node an error. */
function exceptionName(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
