/** Keys of a PKCS#11 token: AES-GCM with associated data, or RSA-OAEP behind a MAC (format.md §5). */
import { createPublicKey, type KeyObject, randomBytes, webcrypto } from "node:crypto";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Pkcs11Key } from "../../config/pkcs11.ts";
import { isSameKey, type KeyRef, type KeyUse } from "../custodian.ts";
import type { RemoteKeyStore } from "../remote/remote-key-store.ts";
import { authenticate, authenticated, checkValueOfPublic } from "../rsa-envelope.ts";
import type { RemoteToken } from "./module-host.ts";
import type { CipherText } from "./token.ts";

/** Which keys, and what they need. */
export interface Pkcs11Keys {
  /** The first wraps. */
  readonly keys: readonly [Pkcs11Key, ...Pkcs11Key[]];
  /** 32 bytes that authenticate the envelopes of RSA keys; absent: there are none. */
  readonly envelopeKey: KeyObject | undefined;
  readonly log: Log;
}

const PAYLOAD_BYTES = 65;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const WRAPPED_BYTES = IV_BYTES + PAYLOAD_BYTES + TAG_BYTES;
const MIN_RSA_BITS = 2048;
/** A larger one makes a header that S3 has no room for (format.md §4). */
const MAX_RSA_BITS = 8192;
const OAEP = { name: "RSA-OAEP", hash: "SHA-256" };
const NOTHING = Buffer.alloc(0);

/** `wrappedKey = iv ‖ ct ‖ tag`, 93 bytes, of an AES key; of an RSA key as of one in software, without a label. */
export class Pkcs11KeyStore implements RemoteKeyStore {
  readonly #token: RemoteToken;
  readonly #settings: Pkcs11Keys;
  readonly #publicKeys = new Map<Pkcs11Key, KeyObject>();
  readonly activeKey: KeyRef;
  readonly readableKeys: readonly KeyRef[];

  /** Closes `token`. */
  constructor(token: RemoteToken, settings: Pkcs11Keys) {
    this.#token = token;
    this.#settings = settings;
    this.activeKey = keyRef(settings.keys[0]);
    this.readableKeys = settings.keys.map(keyRef);
  }

  async prepare(): Promise<void> {
    await this.#token.launch();
  }

  /** Looks at every key. One that only reads may be missing: it is refused when an object needs it. */
  async start(signal: AbortSignal, writes: KeyRef): Promise<void> {
    for (const key of this.#settings.keys) {
      try {
        await this.#lookAt(key, signal);
      } catch (error) {
        if (isSameKey(keyRef(key), writes) || !isFault(error, "keys.denied")) throw error;
        this.#settings.log.warn(
          { err: error },
          `key "${key.keyId}" of the token can't be read with`,
        );
      }
    }
  }

  async wrap(payload: Uint8Array, use: KeyUse, signal: AbortSignal): Promise<Buffer> {
    const key = this.#key(use.key);
    if (key.mechanism === "AES-GCM") return await this.#wrapSecret(payload, { key, use, signal });
    if (!this.#publicKeys.has(key)) await this.#lookAt(key, signal);
    const toIt = this.#publicKeys.get(key)?.toCryptoKey(OAEP, false, ["encrypt"]);
    if (!toIt) throw new Fault("keys.denied", "the token does not give the public half of its key");
    const oaep = await webcrypto.subtle.encrypt(OAEP, toIt, new Uint8Array(payload));
    return authenticated(Buffer.from(oaep), {
      envelopeKey: this.#envelopeKey(),
      binding: use.binding,
    });
  }

  async unwrap(wrappedKey: Uint8Array, use: KeyUse, signal: AbortSignal): Promise<Uint8Array> {
    const asked = { key: this.#key(use.key), use, signal };
    const text = this.#cipherText(wrappedKey, asked);
    try {
      return await this.#decrypt(text, asked);
    } catch (error) {
      if (!isVague(error)) throw error;
      await this.#proveSound(asked);
    }
    // What may have been a failure of the token gets a second try; a sound token that fails again speaks of what it was given.
    try {
      return await this.#decrypt(text, asked);
    } catch (error) {
      if (!isVague(error)) throw error;
      throw new Fault("crypto.integrity", "wrapped key does not verify", { cause: error });
    }
  }

  checkValue(named: KeyRef): string | undefined {
    const publicKey = this.#publicKeys.get(this.#key(named));
    return publicKey && checkValueOfPublic(publicKey);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#token[Symbol.asyncDispose]();
  }

  async #wrapSecret(payload: Uint8Array, { key, use, signal }: Asked): Promise<Buffer> {
    const iv = randomBytes(IV_BYTES);
    const text = { data: Buffer.from(payload), iv, associatedData: Buffer.from(use.binding) };
    try {
      const sealed = await this.#token.encrypt(key, text, signal);
      if (sealed.byteLength === PAYLOAD_BYTES + TAG_BYTES) return Buffer.concat([iv, sealed]);
    } finally {
      text.data.fill(0);
    }
    throw new Fault("keys.unavailable", "the token's ciphertext has not the length it must have");
  }

  /** Of what is no wrapped key by its form, or by its MAC, the token is not asked. */
  #cipherText(wrappedKey: Uint8Array, { key, use: { binding } }: Asked): CipherText {
    if (key.mechanism !== "AES-GCM") {
      const data = authenticate(wrappedKey, { envelopeKey: this.#envelopeKey(), binding });
      return { data, iv: NOTHING, associatedData: NOTHING };
    }
    if (wrappedKey.byteLength !== WRAPPED_BYTES) {
      throw new Fault("crypto.integrity", "wrapped key has not the length of one by PKCS#11");
    }
    const bytes = Buffer.from(wrappedKey);
    return {
      data: bytes.subarray(IV_BYTES),
      iv: bytes.subarray(0, IV_BYTES),
      associatedData: Buffer.from(binding),
    };
  }

  async #decrypt(text: CipherText, { key, signal }: Asked): Promise<Buffer> {
    const payload = await this.#token.decrypt(key, text, signal);
    if (payload.byteLength === PAYLOAD_BYTES) return payload;
    payload.fill(0);
    throw new Fault("keys.unavailable", "the token's plaintext has not the length it had");
  }

  /** Rejects unless the key opens what it wrapped just now. */
  async #proveSound({ key, use, signal }: Asked): Promise<void> {
    const payload = randomBytes(PAYLOAD_BYTES);
    const wrapped = await this.wrap(payload, use, signal);
    const asked = { key, use, signal };
    const opened = await this.#decrypt(this.#cipherText(wrapped, asked), asked);
    if (!opened.equals(payload)) {
      throw new Fault("keys.unavailable", "the token does not open what it wrapped");
    }
  }

  /** What the token says of a key: for the log and, of an RSA key, to wrap with. */
  async #lookAt(key: Pkcs11Key, signal: AbortSignal): Promise<void> {
    const facts = await this.#token.describe(key, signal);
    if (!facts.isKept) {
      const message = `key "${key.keyId}" can be taken out of the token: it should be sensitive and not extractable`;
      this.#settings.log.warn({}, message);
    }
    if (facts.publicKey) this.#publicKeys.set(key, publicKeyOf(key, facts.publicKey));
  }

  #envelopeKey(): KeyObject {
    const { envelopeKey } = this.#settings;
    if (envelopeKey) return envelopeKey;
    throw new Fault("config.invalid", "RSA keys of a token need an envelope_auth_key");
  }

  #key(named: KeyRef): Pkcs11Key {
    const key = this.#settings.keys.find((each) => isSameKey(keyRef(each), named));
    if (key) return key;
    throw new Fault("keys.unknown-key", "that key of the token is not configured");
  }
}

interface Asked {
  readonly key: Pkcs11Key;
  readonly use: KeyUse;
  readonly signal: AbortSignal;
}

function keyRef({ keyId, keyVersion }: Pkcs11Key): KeyRef {
  return { provider: "pkcs11", keyId, keyVersion };
}

function isVague(error: unknown): boolean {
  return error instanceof Fault && error.details.isVague === true;
}

function publicKeyOf({ keyId }: Pkcs11Key, { n, e }: { n: string; e: string }): KeyObject {
  const publicKey = createPublicKey({ key: { kty: "RSA", n, e }, format: "jwk" });
  const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS) return publicKey;
  const wanted = `an RSA key of ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits`;
  throw new Fault("keys.denied", `key "${keyId}" of the token is not ${wanted}`);
}
