/** Keys of Azure Key Vault (RSA) and Managed HSM (RSA, AES): wrapKey and unwrapKey, encrypt and decrypt (format.md §5, "Azure"). */
import type { KeyObject } from "node:crypto";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { isSameKey, type KeyRef, type KeyUse } from "../custodian.ts";
import { opensItsOwn } from "../remote/opens-its-own.ts";
import type { RemoteKeyStore } from "../remote/remote-key-store.ts";
import { authenticate, authenticated } from "../rsa-envelope.ts";
import { AzureAsking, type AzureClient } from "./azure-asking.ts";

/** A version of a key. */
interface AzureVersion {
  /** How headers call it. */
  readonly ref: KeyRef;
  readonly name: string;
  /** Azure's own name of the version, 32 hex digits. */
  readonly azureVersion: string;
  readonly client: AzureClient;
}

/** A version of a key, and what is done with it. RSA has no associated data: `envelopeKey` (32 bytes) is what binds there. */
export type AzureKey =
  | (AzureVersion & { readonly algorithm: "A256GCM" })
  | (AzureVersion & { readonly algorithm: "RSA-OAEP-256"; readonly envelopeKey: KeyObject });

const PAYLOAD_BYTES = 65;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Of 2048 bits. */
const MIN_RSA_BYTES = 256;

/** What is asked of a key: with which binding, and until when. */
interface Asked {
  readonly key: AzureKey;
  readonly asking: AzureAsking;
  readonly binding: Uint8Array;
  readonly signal: AbortSignal;
}

/** Opens one wrapped key that may be genuine by its form and, with RSA, its MAC. */
type Opening = () => Promise<Uint8Array>;

/** Versions of one vault or HSM. */
export class AzureKeyStore implements RemoteKeyStore {
  readonly #keys: readonly { readonly key: AzureKey; readonly asking: AzureAsking }[];
  readonly activeKey: KeyRef;
  readonly readableKeys: readonly KeyRef[];

  /** The first key wraps. Clients must not retry. */
  constructor(keys: readonly [AzureKey, ...AzureKey[]]) {
    this.#keys = keys.map((key) => ({ key, asking: new AzureAsking(key) }));
    this.activeKey = keys[0].ref;
    this.readableKeys = keys.map(({ ref }) => ref);
  }

  async wrap(payload: Uint8Array, use: KeyUse, signal: AbortSignal): Promise<Uint8Array> {
    try {
      return await wrapped(payload, this.#asked(use, signal));
    } catch (error) {
      if (!isFault(error, "crypto.integrity")) throw error;
      throw new Fault("keys.denied", "Azure Key Vault can't wrap with that key", { cause: error });
    }
  }

  async unwrap(wrappedKey: Uint8Array, use: KeyUse, signal: AbortSignal): Promise<Uint8Array> {
    const asked = this.#asked(use, signal);
    const open = opening(wrappedKey, asked);
    try {
      return await open();
    } catch (error) {
      if (!isFault(error, "crypto.integrity")) throw error;
      const isKeyWell = await opensItsOwn({
        wrap: (payload) => wrapped(payload, asked),
        unwrap: (own) => opening(own, asked)(),
      });
      if (isKeyWell) throw error;
      throw new Fault("keys.denied", "Azure Key Vault opens nothing by that key", { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }

  #asked({ key: named, binding }: KeyUse, signal: AbortSignal): Asked {
    const found = this.#keys.find(({ key }) => isSameKey(key.ref, named));
    if (found) return { ...found, binding, signal };
    throw new Fault("keys.unknown-key", "that key of Azure Key Vault is not configured");
  }
}

async function wrapped(
  payload: Uint8Array,
  { key, asking, binding, signal }: Asked,
): Promise<Buffer> {
  if (key.algorithm === "RSA-OAEP-256") {
    const { result } = await asking.ask(
      (options) => key.client.wrapKey(key.algorithm, payload, options),
      signal,
    );
    if (result.byteLength < MIN_RSA_BYTES) throw misshapen("ciphertext");
    return authenticated(result, { envelopeKey: key.envelopeKey, binding });
  }
  const question = {
    algorithm: key.algorithm,
    plaintext: payload,
    additionalAuthenticatedData: binding,
  };
  const { iv, result, authenticationTag } = await asking.ask(
    (options) => key.client.encrypt(question, options),
    signal,
  );
  const isShaped =
    iv?.byteLength === IV_BYTES &&
    result.byteLength === PAYLOAD_BYTES &&
    authenticationTag?.byteLength === TAG_BYTES;
  if (!isShaped) throw misshapen("ciphertext");
  return Buffer.concat([iv, result, authenticationTag]);
}

/** `crypto.integrity` at once for what is not genuine by its form or its MAC: then Azure is not asked. */
function opening(wrappedKey: Uint8Array, { key, asking, binding, signal }: Asked): Opening {
  if (key.algorithm === "RSA-OAEP-256") {
    const oaep = authenticate(wrappedKey, { envelopeKey: key.envelopeKey, binding });
    return async () =>
      payloadOf(
        await asking.ask((options) => key.client.unwrapKey(key.algorithm, oaep, options), signal),
      );
  }
  const bytes = Buffer.from(wrappedKey);
  if (bytes.byteLength !== IV_BYTES + PAYLOAD_BYTES + TAG_BYTES) {
    throw new Fault("crypto.integrity", "wrapped key has not the length it must have");
  }
  const question = {
    algorithm: key.algorithm,
    iv: bytes.subarray(0, IV_BYTES),
    ciphertext: bytes.subarray(IV_BYTES, -TAG_BYTES),
    authenticationTag: bytes.subarray(-TAG_BYTES),
    additionalAuthenticatedData: binding,
  };
  return async () =>
    payloadOf(await asking.ask((options) => key.client.decrypt(question, options), signal));
}

function payloadOf({ result }: { readonly result: Uint8Array }): Uint8Array {
  if (result.byteLength === PAYLOAD_BYTES) return result;
  result.fill(0);
  throw misshapen("plaintext");
}

function misshapen(what: string): Fault {
  return new Fault("keys.unavailable", `Azure Key Vault's ${what} has not the length it must have`);
}
