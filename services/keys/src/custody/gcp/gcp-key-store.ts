/** Keys of Google Cloud KMS: encrypt and decrypt with the binding as associated data, checksums both ways (format.md §5, "Google Cloud KMS"). */
import type { KeyManagementServiceClient } from "@google-cloud/kms";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { createDigest } from "@s3eg/shared/s3/checksums.ts";
import { isSameKey, type KeyRef, type KeyUse } from "../custodian.ts";
import { opensItsOwn } from "../remote/opens-its-own.ts";
import type { RemoteKeyStore } from "../remote/remote-key-store.ts";
import { gcpFault } from "./gcp-faults.ts";

/** What of the SDK is used. */
export type GcpClient = Pick<KeyManagementServiceClient, "encrypt" | "decrypt" | "close">;

const PAYLOAD_BYTES = 65;

interface Asked {
  readonly use: KeyUse;
  readonly signal: AbortSignal;
}

/** Bytes and a checksum as an answer has them. */
interface Checked {
  readonly bytes: Uint8Array | string | null | undefined;
  readonly crc32c: { readonly value?: unknown } | null | undefined;
}

/** `wrappedKey` is the ciphertext. Google keeps versions within it, so headers name version 0. */
export class GcpKeyStore implements RemoteKeyStore {
  readonly #client: GcpClient;
  readonly #timeoutMs: number;
  readonly activeKey: KeyRef;
  readonly readableKeys: readonly KeyRef[];

  /** Resource names of keys; the first one wraps. `timeoutMs` ends a request, for the SDK takes no signal. Closes `client`. */
  constructor(
    client: GcpClient,
    { keys, timeoutMs }: { keys: readonly [string, ...string[]]; timeoutMs: number },
  ) {
    this.#client = client;
    this.#timeoutMs = timeoutMs;
    this.activeKey = keyRef(keys[0]);
    this.readableKeys = keys.map(keyRef);
  }

  async wrap(payload: Uint8Array, use: KeyUse, signal: AbortSignal): Promise<Uint8Array> {
    try {
      return await this.#encrypt(payload, { use, signal });
    } catch (error) {
      if (!isFault(error, "crypto.integrity")) throw error;
      throw new Fault("keys.denied", "Google Cloud KMS can't wrap with that key", { cause: error });
    }
  }

  async unwrap(wrappedKey: Uint8Array, use: KeyUse, signal: AbortSignal): Promise<Uint8Array> {
    const asked = { use, signal };
    try {
      return await this.#decrypt(wrappedKey, asked);
    } catch (error) {
      if (!isFault(error, "crypto.integrity")) throw error;
      const isKeyWell = await opensItsOwn({
        wrap: (payload) => this.#encrypt(payload, asked),
        unwrap: (own) => this.#decrypt(own, asked),
      });
      if (isKeyWell) throw error;
      const problem = "Google Cloud KMS opens nothing by that key";
      throw new Fault("keys.denied", problem, { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }

  async #encrypt(payload: Uint8Array, { use, signal }: Asked): Promise<Uint8Array> {
    const name = this.#nameOf(use.key);
    const question = {
      name,
      plaintext: payload,
      plaintextCrc32c: { value: crc32cOf(payload) },
      ...associated(use),
    };
    const [answer] = await answered(signal, () => this.#client.encrypt(question, this.#options()));
    if (!answer.name?.startsWith(`${name}/cryptoKeyVersions/`)) {
      throw new Fault("keys.unavailable", "Google Cloud KMS answers in the name of another key");
    }
    if (!answer.verifiedPlaintextCrc32c || !answer.verifiedAdditionalAuthenticatedDataCrc32c) {
      throw new Fault("keys.unavailable", "Google Cloud KMS did not check what it was sent");
    }
    return checked({ bytes: answer.ciphertext, crc32c: answer.ciphertextCrc32c });
  }

  /** The answer to Decrypt names no key: that it is the one that was asked for is what the associated data says, which names the key too. */
  async #decrypt(wrappedKey: Uint8Array, { use, signal }: Asked): Promise<Uint8Array> {
    const question = {
      name: this.#nameOf(use.key),
      ciphertext: wrappedKey,
      ciphertextCrc32c: { value: crc32cOf(wrappedKey) },
      ...associated(use),
    };
    const [answer] = await answered(signal, () => this.#client.decrypt(question, this.#options()));
    const payload = checked({ bytes: answer.plaintext, crc32c: answer.plaintextCrc32c });
    if (payload.byteLength === PAYLOAD_BYTES) return payload;
    payload.fill(0);
    throw new Fault("keys.unavailable", "Google Cloud KMS's plaintext has not the length it had");
  }

  #nameOf(named: KeyRef): string {
    const key = this.readableKeys.find((each) => isSameKey(each, named));
    if (key) return key.keyId;
    throw new Fault("keys.unknown-key", "that key of Google Cloud KMS is not configured");
  }

  /** Retries are the guard's. */
  #options() {
    return { retry: null, timeout: this.#timeoutMs };
  }
}

function keyRef(keyId: string): KeyRef {
  return { provider: "gcp", keyId, keyVersion: 0 };
}

function associated({ binding }: KeyUse) {
  return {
    additionalAuthenticatedData: binding,
    additionalAuthenticatedDataCrc32c: { value: crc32cOf(binding) },
  };
}

async function answered<Answer>(signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    signal.throwIfAborted();
    return await ask();
  } catch (error) {
    throw gcpFault(error);
  }
}

/** The bytes, if they are what was sent; the checksum is a number in decimal digits. */
function checked({ bytes, crc32c }: Checked): Uint8Array {
  if (!(bytes instanceof Uint8Array)) {
    throw new Fault("keys.unavailable", "Google Cloud KMS answered without a result");
  }
  if (String(crc32c?.value) === String(crc32cOf(bytes))) return bytes;
  bytes.fill(0);
  throw new Fault("keys.unavailable", "Google Cloud KMS's answer was changed on its way");
}

function crc32cOf(bytes: Uint8Array): number {
  const digest = createDigest("crc32c");
  digest.update(bytes);
  return digest.digest().readUInt32BE();
}
