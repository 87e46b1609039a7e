/** What errors of the Azure SDK mean (Key Vault REST API, "Authentication, requests and responses"; Azure Core, RestError). */
import { Fault } from "@s3eg/shared/faults.ts";
import { errorCodeOf } from "@s3eg/shared/runtime/error-code.ts";

/** It may pass: too slow, too many requests. */
const MAY_PASS = new Set([408, 429]);

/**
 * The fault that an error stands for: `crypto.integrity` for 400 of the vault, which is said of what it can't open and of much else;
 * `keys.denied` for any other status that is the asker's fault, a refused login too. No status at all: no answer, or no way to a token.
 */
export function azureFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const status = statusOf(error);
  const isAnswer = error instanceof Error && error.name === "RestError";
  const name = nameOf(error);
  const said = status === undefined ? name : `${status} ${name}`;
  // Messages of errors may quote what was sent.
  const cause = new Error(said);
  if (status === 400 && isAnswer) {
    return new Fault("crypto.integrity", "wrapped key does not verify", { cause });
  }
  const isDenied = status !== undefined && status >= 400 && status < 500 && !MAY_PASS.has(status);
  return isDenied
    ? new Fault("keys.denied", `Azure Key Vault refuses the key (${said})`, { cause })
    : new Fault("keys.unavailable", `Azure Key Vault failed (${said})`, { cause });
}

/** What Azure or Node calls it; nothing that is no name. */
function nameOf(error: unknown): string {
  const name = errorCodeOf(error) ?? (error instanceof Error ? error.name : "");
  return /^\w{1,64}$/.test(name) ? name : "unnamed";
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("statusCode" in error)) return undefined;
  return typeof error.statusCode === "number" ? error.statusCode : undefined;
}
