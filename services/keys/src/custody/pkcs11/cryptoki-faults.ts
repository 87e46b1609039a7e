/** What the return values of a PKCS#11 module mean (PKCS#11 2.40 base specification, §5.1). */
import { Fault } from "@s3eg/shared/faults.ts";

/** Of a decryption: what was given is not genuine. */
const NOT_GENUINE = new Set([
  "CKR_AEAD_DECRYPT_FAILED",
  "CKR_DATA_INVALID",
  "CKR_DATA_LEN_RANGE",
  "CKR_ENCRYPTED_DATA_INVALID",
  "CKR_ENCRYPTED_DATA_LEN_RANGE",
  "CKR_SIGNATURE_INVALID",
]);

/** Of a decryption: what was given is not genuine, or the module failed. Some have no better word for a wrong tag. */
const VAGUE = new Set(["CKR_DEVICE_ERROR", "CKR_FUNCTION_FAILED", "CKR_GENERAL_ERROR"]);

/** Asking again with the same PIN may lock the token. */
const PIN_REFUSED = new Set([
  "CKR_PIN_EXPIRED",
  "CKR_PIN_INCORRECT",
  "CKR_PIN_INVALID",
  "CKR_PIN_LEN_RANGE",
  "CKR_PIN_LOCKED",
  "CKR_USER_PIN_NOT_INITIALIZED",
]);

/** It answers, and says no. */
const DENIED = new Set([
  ...PIN_REFUSED,
  "CKR_ACTION_PROHIBITED",
  "CKR_ARGUMENTS_BAD",
  "CKR_FUNCTION_NOT_SUPPORTED",
  "CKR_KEY_FUNCTION_NOT_PERMITTED",
  "CKR_KEY_SIZE_RANGE",
  "CKR_KEY_TYPE_INCONSISTENT",
  "CKR_MECHANISM_INVALID",
  "CKR_MECHANISM_PARAM_INVALID",
  "CKR_TOKEN_NOT_RECOGNIZED",
]);

/** The name of a return value; undefined for what is no error of a module. */
export function returnValueOf(error: unknown): string | undefined {
  return error instanceof Error && error.message.startsWith("CKR_") ? error.message : undefined;
}

/** True for a failure of the session or of the token, which opening them anew may cure. */
export function isLost(error: unknown): boolean {
  const name = returnValueOf(error);
  return name !== undefined && !DENIED.has(name) && !NOT_GENUINE.has(name);
}

/** True for a word that a decryption also gives for what is not genuine. */
export function isVague(error: unknown): boolean {
  return VAGUE.has(returnValueOf(error) ?? "");
}

/** The fault that an error stands for; a module's own word, or nothing of the error. `pin: "refused"` in its details where it was about the PIN. */
export function cryptokiFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const name = returnValueOf(error);
  if (name === undefined) return new Fault("keys.unavailable", "the PKCS#11 module failed");
  if (PIN_REFUSED.has(name)) {
    return new Fault("keys.denied", `the token refuses the PIN (${name})`, {
      details: { pin: "refused" },
    });
  }
  return DENIED.has(name)
    ? new Fault("keys.denied", `the token does not let the key be used so (${name})`)
    : new Fault("keys.unavailable", `the token failed (${name})`);
}

/** The fault of a decryption that failed; `isVague: true` in its details where it may also be about what was given. */
export function decryptionFault(error: unknown): Fault {
  if (NOT_GENUINE.has(returnValueOf(error) ?? "")) {
    return new Fault("crypto.integrity", "wrapped key does not verify");
  }
  const { code, message, details } = cryptokiFault(error);
  return new Fault(code, message, { details: { ...details, isVague: isVague(error) } });
}
