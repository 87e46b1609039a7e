/** The Transit engine of OpenBao or Vault: encrypt and decrypt with associated data (format.md §5). Its own rewrap takes none, so it is not used. */
import { Fault } from "@s3eg/shared/faults.ts";
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import { z } from "zod";
import {
  type IsRetired,
  type KeyRef,
  type KeyUse,
  type LegacyWrapped,
  refuseRetired,
} from "../custodian.ts";
import type { KeyStoreAnswer, KeyStoreHttp, KeyStoreRequest } from "../remote/key-store-http.ts";
import type { RemoteKeyStore } from "../remote/remote-key-store.ts";
import {
  ciphertextBytes,
  ciphertextOf,
  decryptBody,
  encryptBody,
  faultOf,
  parsed,
  plaintextOf,
} from "./transit-answers.ts";
import type { TransitLogin } from "./transit-login.ts";

/** Which key. Names and paths come from the settings alone. */
export interface TransitKey {
  /** Mount of the engine, `transit`. */
  readonly mount: string;
  readonly name: string;
  /** How headers call it. */
  readonly keyId: string;
}

/** Nonces have 12 bytes, or 24 for XChaCha20. */
const CIPHERTEXT_BYTES = new Set([12 + 65 + 16, 24 + 65 + 16]);

/** Key types that authenticate associated data. */
const AEAD_TYPES = new Set([
  "aes128-gcm96",
  "aes256-gcm96",
  "chacha20-poly1305",
  "xchacha20-poly1305",
]);
const KeyInfo = z.object({ data: z.object({ type: z.string() }) });

/** One Transit key. */
export class TransitKeyStore implements RemoteKeyStore {
  readonly #http: KeyStoreHttp;
  readonly #login: TransitLogin;
  readonly #key: TransitKey;
  readonly activeKey: KeyRef;
  readonly readableKeys: readonly KeyRef[];

  /** Closes `http` and `login`. */
  constructor(http: KeyStoreHttp, login: TransitLogin, key: TransitKey) {
    this.#http = http;
    this.#login = login;
    this.#key = key;
    this.activeKey = { provider: "transit", keyId: key.keyId, keyVersion: 0 };
    this.readableKeys = [this.activeKey];
  }

  /** A token that may create keys would create one of a wrong name, unasked: so it is looked whether the key is there, where allowed. */
  async start(signal: AbortSignal): Promise<void> {
    const answer = await this.#ask({ method: "GET", path: `keys/${this.#key.name}` }, signal);
    if (answer.status === 403) return;
    if (answer.status === 404) {
      throw new Fault("keys.denied", `the key store has no Transit key "${this.#key.name}"`);
    }
    if (answer.status !== 200) throw faultOf(answer);
    const { type } = parsed(answer, KeyInfo).data;
    if (AEAD_TYPES.has(type)) return;
    const problem = `Transit key "${this.#key.name}" does not authenticate associated data`;
    throw new Fault(
      "config.invalid",
      `${problem}: its type must be one of ${[...AEAD_TYPES].join(", ")}`,
    );
  }

  async wrap(payload: Uint8Array, { binding }: KeyUse, signal: AbortSignal): Promise<Buffer> {
    const body = encryptBody(payload, binding);
    try {
      const answer = await this.#ask(
        { method: "POST", path: `encrypt/${this.#key.name}`, body },
        signal,
      );
      if (answer.status !== 200) throw wrapFault(answer);
      const ciphertext = ciphertextOf(answer);
      if (isCiphertext(ciphertext)) return Buffer.from(ciphertext);
      throw new Fault(
        "keys.unavailable",
        "the key store's ciphertext has not the form it must have",
      );
    } finally {
      body.fill(0);
    }
  }

  async unwrap(wrappedKey: Uint8Array, { binding }: KeyUse, signal: AbortSignal): Promise<Buffer> {
    const ciphertext = Buffer.from(wrappedKey).toString("latin1");
    if (!isCiphertext(ciphertext)) {
      throw new Fault("crypto.integrity", "wrapped key is no Transit ciphertext");
    }
    return await this.#decrypt(decryptBody(ciphertext, binding), signal);
  }

  /** 32 bytes, without associated data. Mount and key are the configured ones, whatever the object names. */
  async unwrapLegacy(
    { wrappedKey }: LegacyWrapped,
    isRetired: IsRetired,
    signal: AbortSignal,
  ): Promise<Buffer> {
    refuseRetired(this.activeKey, isRetired);
    const ciphertext = Buffer.from(wrappedKey).toString("latin1");
    if (!ciphertextBytes(ciphertext)) {
      throw new Fault("crypto.integrity", "wrapped key is no Transit ciphertext");
    }
    return await this.#decrypt(decryptBody(ciphertext), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#login[Symbol.asyncDispose]();
    await this.#http[Symbol.asyncDispose]();
  }

  async #decrypt(body: Buffer, signal: AbortSignal): Promise<Buffer> {
    const path = `decrypt/${this.#key.name}`;
    const answer = await this.#ask({ method: "POST", path, body }, signal);
    if (answer.status !== 200) throw faultOf(answer);
    return plaintextOf(answer);
  }

  /** A refused token is replaced once, by a login, before the refusal is believed. */
  async #ask(asked: KeyStoreRequest, signal: AbortSignal): Promise<KeyStoreAnswer> {
    const token = await this.#login.token();
    const first = await this.#send(asked, token, signal);
    if (first.status !== 403 || !this.#login.refused(token)) return first;
    return await this.#send(asked, await this.#login.token(), signal);
  }

  async #send(asked: KeyStoreRequest, token: Secret, signal: AbortSignal): Promise<KeyStoreAnswer> {
    const path = `/v1/${this.#key.mount}/${asked.path}`;
    return await this.#http.send({ ...asked, path, headers: this.#login.headers(token) }, signal);
  }
}

/** The one spelling of a ciphertext of a payload. */
function isCiphertext(text: string): boolean {
  const bytes = ciphertextBytes(text);
  return bytes !== undefined && CIPHERTEXT_BYTES.has(bytes.byteLength);
}

/** Of what we gave it ourselves, nothing can be "not genuine". */
function wrapFault(answer: KeyStoreAnswer): Fault {
  const fault = faultOf(answer);
  if (fault.code !== "crypto.integrity") return fault;
  return new Fault("keys.unavailable", "the key store failed to wrap", { cause: fault.cause });
}
