/** Data keys of format 1 that a KMIP server wrapped by AES key wrap (docs/format-1.md §4): 40 bytes, bound to nothing. */
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { bytesOf, type KmipItem } from "../../kmip/item.ts";
import type { KmipTransport } from "../../kmip/kmip-transport.ts";
import { cipherQuestion } from "../../kmip/messages.ts";
import { type IsRetired, type KeyRef, type LegacyWrapped, refuseRetired } from "../custodian.ts";
import { isNotGenuine, isVague, refusalFault } from "./kmip-faults.ts";

/** With what it is opened. */
interface LegacyUse {
  readonly transport: KmipTransport;
  /** The configured ones; no other is ever named to the server. */
  readonly keys: readonly KeyRef[];
  readonly isRetired: IsRetired;
  /** How many keys are tried after the one that the object names. */
  readonly dualReadWindow: number;
  readonly signal: AbortSignal;
}

const WRAPPED_BYTES = 40;
const KEY_BYTES = 32;
/** RFC 3394 §2.2.3.1, sent as it always was; servers that need none take no notice. */
const IV = Buffer.alloc(8, 0xa6);
/** RFC 3394, and RFC 5649: some servers did the second under the first one's name. */
const MODES = ["NISTKeyWrap", "AESKeyWrapPadding"] as const;

/**
 * The data key, 32 bytes, by the key that the object names or one of the next. `crypto.integrity` if all of them say that it is not
 * theirs; where one could not say, what it said instead.
 */
export async function unwrapKeyWrap(wrapped: LegacyWrapped, use: LegacyUse): Promise<Uint8Array> {
  const { wrappedKey } = wrapped;
  if (wrappedKey.byteLength !== WRAPPED_BYTES) {
    throw new Fault("crypto.integrity", "wrapped key has not the length of an AES key wrap");
  }
  const faults: Fault[] = [];
  for (const key of candidates(wrapped, use)) {
    const opened = await unwrapBy(key, { wrappedKey, ...use });
    if (!isFault(opened)) return opened;
    faults.push(opened);
  }
  throw faults.find(({ code }) => code === "keys.denied") ?? faults[0] ?? unknownKey();
}

/** By one key: the data key, or why it is not. */
async function unwrapBy(
  key: KeyRef,
  use: LegacyUse & { wrappedKey: Uint8Array },
): Promise<Uint8Array | Fault> {
  let last = unknownKey();
  for (const mode of MODES) {
    try {
      return await unwrapAs(mode, key, use);
    } catch (error) {
      if (!isFault(error, "crypto.integrity", "keys.denied")) throw error;
      if (error.code === "keys.denied") return error;
      last = error;
    }
  }
  return last;
}

/** By identifier, else by version; then the others in their order, but none that is retired. What an object names is not authenticated. */
function candidates(
  { keyId, keyVersion }: LegacyWrapped,
  { keys, isRetired, dualReadWindow }: LegacyUse,
): KeyRef[] {
  const named =
    keys.find((key) => key.keyId === keyId) ??
    keys.find((key) => String(key.keyVersion) === keyVersion);
  if (named) refuseRetired(named, isRetired);
  const others = keys.filter((key) => key !== named && !isRetired(key));
  const most = dualReadWindow + 1;
  return (named ? [named, ...others] : others).slice(0, most);
}

async function unwrapAs(
  mode: (typeof MODES)[number],
  { keyId }: KeyRef,
  { transport, wrappedKey, signal }: LegacyUse & { wrappedKey: Uint8Array },
): Promise<Uint8Array> {
  const question = cipherQuestion("Decrypt", { keyId, mode }, { input: wrappedKey, iv: IV });
  const answer = await transport.ask(question, signal);
  if ("payload" in answer) return dataKeyOf(answer.payload);
  if (isNotGenuine(answer) || isVague(answer)) {
    const cause = new Error(answer.said);
    throw new Fault("crypto.integrity", "wrapped key does not verify", { cause });
  }
  throw refusalFault(answer);
}

function dataKeyOf(payload: readonly KmipItem[]): Uint8Array {
  const opened = bytesOf(payload, "Data");
  const key = opened && Buffer.from(opened);
  opened?.fill(0);
  if (key?.byteLength === KEY_BYTES) return key;
  key?.fill(0);
  throw new Fault("crypto.integrity", "data key of the object has the wrong length");
}

function unknownKey(): Fault {
  return new Fault("keys.unknown-key", "no key of the key store is configured");
}
