/** A key that was taken out of its key store: opens, without that store, what the store wrapped under it. For tools only; never for a gateway. */
import { createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Provider } from "@s3eg/shared/format/layout.ts";
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import type { Custodian, KeyRef, KeyUse, LegacyWrapped } from "./custodian.ts";
import { ciphertextBytes } from "./transit/transit-answers.ts";

/** Stores that let a key be exported and wrap with nothing but it (format.md §5): `iv ‖ ct ‖ tag`, or a text with the same in base64. */
const STORES: ReadonlySet<Provider> = new Set(["kmip", "pkcs11", "transit"]);

const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_WRAP_BYTES = 40;
/** The two ciphers that such keys are made for, AES first; a Transit key may be of either. */
const AEADS = ["aes-256-gcm", "chacha20-poly1305"] as const;
/** RFC 3394 and RFC 5649 (docs/format-1.md §4), with their initial values. */
const KEY_WRAPS = [
  ["id-aes256-wrap", "a6a6a6a6a6a6a6a6"],
  ["id-aes256-wrap-pad", "a65959a6"],
] as const;

/** One AES-256 (or ChaCha20) key, believed to be whichever key an object names. */
export class ExportedKey implements Custodian {
  readonly #key: KeyObject;
  readonly readableKeys = [];

  constructor(key: Secret<Uint8Array>) {
    this.#key = createSecretKey(key.reveal());
  }

  keyNamed(named: KeyRef): KeyRef | undefined {
    return STORES.has(named.provider) ? named : undefined;
  }

  async start(): Promise<void> {
    await Promise.resolve();
  }

  async check(): Promise<void> {
    await Promise.resolve();
  }

  checkValue(): undefined {
    return undefined;
  }

  async wrap(): Promise<never> {
    await Promise.resolve();
    throw new Fault("keys.denied", "an exported key only opens");
  }

  async unwrap(wrappedKey: Uint8Array, { key, binding }: KeyUse): Promise<Uint8Array> {
    await Promise.resolve();
    const sealed = key.provider === "transit" ? transitBytes(wrappedKey) : wrappedKey;
    return this.#opened(sealed, binding);
  }

  async unwrapLegacy({ wrappedKey }: LegacyWrapped): Promise<Uint8Array> {
    await Promise.resolve();
    const isKeyWrap = wrappedKey.byteLength === KEY_WRAP_BYTES;
    return isKeyWrap ? this.#unwrapped(wrappedKey) : this.#opened(transitBytes(wrappedKey));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }

  #opened(sealed: Uint8Array, binding?: Uint8Array): Uint8Array {
    const tagAt = sealed.byteLength - TAG_BYTES;
    if (tagAt < IV_BYTES) throw new Fault("crypto.integrity", "wrapped key is cut short");
    for (const algorithm of AEADS) {
      const decipher = createDecipheriv(
        algorithm as "aes-256-gcm",
        this.#key,
        sealed.subarray(0, IV_BYTES),
        { authTagLength: TAG_BYTES },
      );
      if (binding) decipher.setAAD(binding);
      decipher.setAuthTag(sealed.subarray(tagAt));
      const payload = decipher.update(sealed.subarray(IV_BYTES, tagAt));
      try {
        decipher.final();
        return payload;
      } catch {
        payload.fill(0);
      }
    }
    throw new Fault("crypto.integrity", "wrapped key does not verify under the exported key");
  }

  #unwrapped(wrapped: Uint8Array): Uint8Array {
    for (const [algorithm, initial] of KEY_WRAPS) {
      try {
        const decipher = createDecipheriv(algorithm, this.#key, Buffer.from(initial, "hex"));
        const key = decipher.update(wrapped);
        decipher.final();
        return key;
      } catch {
        // Not by this one.
      }
    }
    throw new Fault("crypto.integrity", "wrapped key does not verify under the exported key");
  }
}

function transitBytes(wrapped: Uint8Array): Uint8Array {
  const bytes = ciphertextBytes(Buffer.from(wrapped).toString("latin1"));
  if (bytes) return bytes;
  throw new Fault("crypto.integrity", "wrapped key is no Transit ciphertext");
}
