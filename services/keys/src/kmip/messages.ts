/** Messages of one operation (KMIP 2.1 §9): what is asked, what is answered. */
import { Fault } from "@s3eg/shared/faults.ts";
import {
  bytes,
  childrenOf,
  enumeration,
  integer,
  type KmipItem,
  numberOf,
  structure,
  text,
  textOf,
} from "./item.ts";
import { ENUMERATIONS, enumerationName, TAG } from "./tags.ts";

/** Of the protocol. */
export interface KmipVersion {
  readonly major: number;
  readonly minor: number;
}

/** One operation with its payload. */
export interface KmipQuestion {
  readonly operation: keyof (typeof ENUMERATIONS)["Operation"];
  readonly payload: readonly KmipItem[];
}

/** A success with its payload, or the server's no: the number of its reason (0: none known here) and its words. */
export type KmipAnswer =
  | { readonly payload: readonly KmipItem[] }
  | { readonly reason: number; readonly said: string };

/** With which cipher. */
export interface CipherUse {
  readonly keyId: string;
  readonly mode: keyof (typeof ENUMERATIONS)["BlockCipherMode"];
  /** Bytes; none where the mode has no tag. */
  readonly tagBytes?: number;
}

/** What is encrypted or decrypted, and with what. */
export interface CipherInput {
  readonly input: Uint8Array;
  readonly iv: Uint8Array;
  readonly associatedData?: Uint8Array;
  /** To decrypt, where the mode has one. */
  readonly tag?: Uint8Array;
}

const MAX_SAID = 300;

/** A request of one operation. */
export function requestMessage(
  { major, minor }: KmipVersion,
  { operation, payload }: KmipQuestion,
): KmipItem {
  return structure("RequestMessage", [
    structure("RequestHeader", [versionItem({ major, minor }), integer("BatchCount", 1)]),
    structure("BatchItem", [
      enumeration("Operation", operation),
      structure("RequestPayload", payload),
    ]),
  ]);
}

/** Encrypt or Decrypt. `Data` is not copied. */
export function cipherQuestion(
  operation: "Encrypt" | "Decrypt",
  { keyId, mode, tagBytes }: CipherUse,
  { input, iv, associatedData, tag }: CipherInput,
): KmipQuestion {
  const parameters = [
    enumeration("BlockCipherMode", mode),
    enumeration("CryptographicAlgorithm", "AES"),
    ...(tagBytes === undefined ? [] : [integer("TagLength", tagBytes)]),
  ];
  return {
    operation,
    payload: [
      text("UniqueIdentifier", keyId),
      structure("CryptographicParameters", parameters),
      bytes("Data", input),
      bytes("IVCounterNonce", iv),
      ...(associatedData ? [bytes("AuthenticatedEncryptionAdditionalData", associatedData)] : []),
      ...(tag ? [bytes("AuthenticatedEncryptionTag", tag)] : []),
    ],
  };
}

/** Which of `versions` the server speaks. */
export function discoverQuestion(versions: readonly KmipVersion[]): KmipQuestion {
  return { operation: "DiscoverVersions", payload: versions.map(versionItem) };
}

/** The versions of an answer to DiscoverVersions, in its order. */
export function discoveredVersions(payload: readonly KmipItem[]): KmipVersion[] {
  return payload.flatMap((item) => {
    if (item.tag !== TAG.ProtocolVersion || item.type !== "Structure") return [];
    const major = numberOf(item.value, "ProtocolVersionMajor");
    const minor = numberOf(item.value, "ProtocolVersionMinor");
    return major === undefined || minor === undefined ? [] : [{ major, minor }];
  });
}

/**
 * The answer to `operation`. The version in its header is not looked at: servers answer what they don't understand in one of their own.
 * `keys.unavailable` if the message answers something else or nothing.
 */
export function answerOf(message: KmipItem, operation: KmipQuestion["operation"]): KmipAnswer {
  const parts = childrenOf([message], "ResponseMessage");
  const items = parts.filter((part) => part.tag === TAG.BatchItem);
  const item = childrenOf(items, "BatchItem");
  const status = numberOf(item, "ResultStatus");
  if (items.length !== 1 || status === undefined) throw unexpected();
  if (status !== ENUMERATIONS.ResultStatus.Success) {
    const reason = numberOf(item, "ResultReason") ?? 0;
    const named = enumerationName(TAG.ResultReason, reason) ?? String(reason);
    return { reason, said: serverWords(`${named}: ${textOf(item, "ResultMessage") ?? ""}`) };
  }
  if (numberOf(item, "Operation") !== ENUMERATIONS.Operation[operation]) throw unexpected();
  return { payload: childrenOf(item, "ResponsePayload") };
}

/** What a server says, fit for a log: short, and without the hex of what it may have been sent. */
export function serverWords(said: string): string {
  return said.replaceAll(/[\dA-Fa-f]{16,}/g, "…").slice(0, MAX_SAID);
}

function versionItem({ major, minor }: KmipVersion): KmipItem {
  return structure("ProtocolVersion", [
    integer("ProtocolVersionMajor", major),
    integer("ProtocolVersionMinor", minor),
  ]);
}

function unexpected(): Fault {
  return new Fault("keys.unavailable", "the key store answers something else than was asked");
}
