/** What a KMIP server's no means for the key. */
import { Fault } from "@s3eg/shared/faults.ts";
import { ENUMERATIONS, enumerationName, TAG } from "../../kmip/tags.ts";

const { ResultReason } = ENUMERATIONS;
/** Asking again would change nothing. Servers give "not found" and "denied" for each other's case, so neither proves a loss. */
const DENIALS: ReadonlySet<number> = new Set([
  ResultReason.ItemNotFound,
  ResultReason.ObjectNotFound,
  ResultReason.ObjectDestroyed,
  ResultReason.ObjectArchived,
  ResultReason.PermissionDenied,
  ResultReason.NotAuthorised,
  ResultReason.AuthenticationNotSuccessful,
  ResultReason.WrongKeyLifecycleState,
  ResultReason.InvalidField,
  ResultReason.InvalidMessage,
  ResultReason.MissingData,
  ResultReason.FeatureNotSupported,
  ResultReason.BadCryptographicParameters,
  ResultReason.UnsupportedCryptographicParameters,
  ResultReason.UnsupportedProtocolVersion,
]);

/** A no, as an answer has it. */
export interface KmipRefusal {
  readonly reason: number;
  readonly said: string;
}

/** True if a server that refuses Decrypt so says that what it got is not genuine. */
export function isNotGenuine({ reason }: KmipRefusal): boolean {
  return reason === ResultReason.CryptographicFailure;
}

/** True for a no that stands for anything, among others for what is not genuine. */
export function isVague({ reason }: KmipRefusal): boolean {
  return reason === ResultReason.GeneralFailure;
}

/** The fault of a no that is no word about what was wrapped; the server's words are its cause. */
export function refusalFault({ reason, said }: KmipRefusal): Fault {
  const cause = new Error(said);
  const named = enumerationName(TAG.ResultReason, reason) ?? `reason ${reason}`;
  if (DENIALS.has(reason)) {
    return new Fault("keys.denied", `the key store does not let the key be used (${named})`, {
      cause,
    });
  }
  return new Fault("keys.unavailable", `the key store failed (${named})`, { cause });
}
