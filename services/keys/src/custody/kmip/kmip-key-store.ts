/** Keys of a KMIP server: Encrypt and Decrypt with AES-GCM and associated data (format.md §5, "KMIP"). */
import { randomBytes } from "node:crypto";
import { Fault } from "@s3eg/shared/faults.ts";
import { bytesOf, type KmipItem, textOf } from "../../kmip/item.ts";
import type { KmipTransport } from "../../kmip/kmip-transport.ts";
import { cipherQuestion } from "../../kmip/messages.ts";
import type { IsRetired, KeyRef, KeyUse, LegacyWrapped } from "../custodian.ts";
import type { RemoteKeyStore } from "../remote/remote-key-store.ts";
import { isNotGenuine, isVague, type KmipRefusal, refusalFault } from "./kmip-faults.ts";
import { unwrapKeyWrap } from "./legacy-key-wrap.ts";

/** Which keys, and for format 1 how many. */
export interface KmipKeys {
  /** The first wraps. */
  readonly keys: readonly [KeyRef, ...KeyRef[]];
  /** How many other keys are tried for an object of format 1 that the one it names does not open. */
  readonly dualReadWindow: number;
}

const PAYLOAD_BYTES = 65;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const WRAPPED_BYTES = IV_BYTES + PAYLOAD_BYTES + TAG_BYTES;
const MAX_WRAPS = 4;

/** `wrappedKey = iv ‖ ct ‖ tag`, 93 bytes. */
export class KmipKeyStore implements RemoteKeyStore {
  readonly #transport: KmipTransport;
  readonly #dualReadWindow: number;
  readonly activeKey: KeyRef;
  readonly readableKeys: readonly KeyRef[];

  /** Closes `transport`. */
  constructor(transport: KmipTransport, { keys, dualReadWindow }: KmipKeys) {
    this.#transport = transport;
    this.#dualReadWindow = dualReadWindow;
    this.activeKey = keys[0];
    this.readableKeys = keys;
  }

  async wrap(payload: Uint8Array, use: KeyUse, signal: AbortSignal): Promise<Buffer> {
    for (let tries = 0; tries < MAX_WRAPS; tries += 1) {
      const wrapped = await this.#wrapOnce(payload, use, signal);
      if (!looksLikeBulk(wrapped)) return wrapped;
    }
    throw new Fault("keys.unavailable", "the key store's ciphertext has not the form it must have");
  }

  async unwrap(wrappedKey: Uint8Array, use: KeyUse, signal: AbortSignal): Promise<Uint8Array> {
    // Servers take tags that are cut short: ours is cut off by place, never by what is left.
    if (wrappedKey.byteLength !== WRAPPED_BYTES) {
      throw new Fault("crypto.integrity", "wrapped key has not the length of one by KMIP");
    }
    const answer = await this.#decrypt(wrappedKey, use, signal);
    if ("payload" in answer) return plaintextOf(answer.payload, use.key);
    if (isNotGenuine(answer) || (isVague(answer) && (await this.#isSound(use.key, signal)))) {
      throw new Fault("crypto.integrity", "wrapped key does not verify", {
        cause: new Error(answer.said),
      });
    }
    throw refusalFault(answer);
  }

  async unwrapLegacy(
    wrapped: LegacyWrapped,
    isRetired: IsRetired,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    return await unwrapKeyWrap(wrapped, {
      transport: this.#transport,
      keys: this.readableKeys,
      isRetired,
      dualReadWindow: this.#dualReadWindow,
      signal,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
  }

  async #wrapOnce(
    payload: Uint8Array,
    { key, binding }: KeyUse,
    signal: AbortSignal,
  ): Promise<Buffer> {
    const iv = randomBytes(IV_BYTES);
    const cipher = { keyId: key.keyId, mode: "GCM", tagBytes: TAG_BYTES } as const;
    const given = { input: payload, iv, associatedData: binding };
    const answer = await this.#transport.ask(cipherQuestion("Encrypt", cipher, given), signal);
    if (!("payload" in answer)) throw refusalFault(answer);
    refuseOtherKey(answer.payload, key);
    const ciphertext = bytesOf(answer.payload, "Data");
    const tag = bytesOf(answer.payload, "AuthenticatedEncryptionTag");
    // A server may repeat the IV, and must not have chosen another.
    const usedIv = bytesOf(answer.payload, "IVCounterNonce") ?? iv;
    const isWrap =
      ciphertext?.byteLength === PAYLOAD_BYTES &&
      tag?.byteLength === TAG_BYTES &&
      iv.equals(usedIv);
    if (isWrap) return Buffer.concat([iv, ciphertext, tag]);
    throw new Fault("keys.unavailable", "the key store's ciphertext has not the form it must have");
  }

  async #decrypt(
    wrapped: Uint8Array,
    { key, binding }: KeyUse,
    signal: AbortSignal,
  ): Promise<{ payload: readonly KmipItem[] } | KmipRefusal> {
    const tagAt = IV_BYTES + PAYLOAD_BYTES;
    const given = {
      iv: wrapped.subarray(0, IV_BYTES),
      input: wrapped.subarray(IV_BYTES, tagAt),
      tag: wrapped.subarray(tagAt),
      associatedData: binding,
    };
    const cipher = { keyId: key.keyId, mode: "GCM", tagBytes: TAG_BYTES } as const;
    return await this.#transport.ask(cipherQuestion("Decrypt", cipher, given), signal);
  }

  /** True if the key opens what it wrapped just now: then a vague no was about what it was given. */
  async #isSound(key: KeyRef, signal: AbortSignal): Promise<boolean> {
    const payload = Buffer.concat([Buffer.of(1), randomBytes(PAYLOAD_BYTES - 1)]);
    const use = { key, binding: randomBytes(32) };
    const wrapped = await this.wrap(payload, use, signal);
    const answer = await this.#decrypt(wrapped, use, signal);
    return "payload" in answer && plaintextOf(answer.payload, key).equals(payload);
  }
}

/** A ciphertext that begins so is taken for a container of several by some servers, and decrypted to nothing. */
function looksLikeBulk(wrapped: Buffer): boolean {
  return wrapped.readUInt16BE(IV_BYTES) === 0x8787;
}

function plaintextOf(payload: readonly KmipItem[], key: KeyRef): Buffer {
  const opened = bytesOf(payload, "Data");
  try {
    refuseOtherKey(payload, key);
    if (opened?.byteLength !== PAYLOAD_BYTES) {
      throw new Fault("keys.unavailable", "the key store's plaintext has not the length it had");
    }
    return Buffer.from(opened);
  } finally {
    opened?.fill(0);
  }
}

/** The key that was named, or a generation of the set that was named (`name@2`). */
function refuseOtherKey(payload: readonly KmipItem[], { keyId }: KeyRef): void {
  const named = textOf(payload, "UniqueIdentifier") ?? "";
  const rest = named.startsWith(keyId) ? named.slice(keyId.length) : undefined;
  if (rest === "" || (rest !== undefined && /^@\d+$/.test(rest))) return;
  const advice = "configure the key by its unique identifier";
  throw new Fault("keys.denied", `the key store answers in the name of another key: ${advice}`);
}
