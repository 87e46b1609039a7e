/** Keys of AWS KMS: Encrypt and Decrypt under an encryption context that carries the binding (format.md §5). */
import type { KMS } from "@aws-sdk/client-kms";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import type { AwsKmsKey } from "../../config/aws-kms.ts";
import { isSameKey, type KeyRef, type KeyUse } from "../custodian.ts";
import { opensItsOwn } from "../remote/opens-its-own.ts";
import type { RemoteKeyStore } from "../remote/remote-key-store.ts";
import { awsKmsFault } from "./aws-kms-faults.ts";

/** What of the SDK is used. */
export type KmsClient = Pick<KMS, "encrypt" | "decrypt" | "destroy">;

const PAYLOAD_BYTES = 65;
/** AWS logs the context in the clear: it holds a hash and nothing else. */
const CONTEXT_NAME = "s3eg-binding";
const KEY_ARN = /^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/(?<id>[\w-]+)$/;

/** `wrappedKey` is the ciphertext blob. AWS keeps versions within it, so headers name version 0. */
export class AwsKmsKeyStore implements RemoteKeyStore {
  readonly #client: KmsClient;
  readonly #keys: readonly AwsKmsKey[];
  readonly activeKey: KeyRef;
  readonly readableKeys: readonly KeyRef[];

  /** The first key wraps. Closes `client`, which must not retry. */
  constructor(client: KmsClient, keys: readonly [AwsKmsKey, ...AwsKmsKey[]]) {
    this.#client = client;
    this.#keys = keys;
    this.activeKey = keyRef(keys[0]);
    this.readableKeys = keys.map(keyRef);
  }

  async wrap(payload: Uint8Array, use: KeyUse, signal: AbortSignal): Promise<Uint8Array> {
    try {
      return await this.#encrypt(payload, { key: this.#key(use.key), use, signal });
    } catch (error) {
      // Of what we gave it ourselves, nothing can be "not genuine".
      if (!isFault(error, "crypto.integrity")) throw error;
      throw new Fault("keys.unavailable", "AWS KMS failed to wrap", { cause: error });
    }
  }

  async unwrap(wrappedKey: Uint8Array, use: KeyUse, signal: AbortSignal): Promise<Uint8Array> {
    const key = this.#key(use.key);
    // An alias may have been moved since: then one of the other keys is the one it pointed to.
    const others = isAlias(key) ? this.#keys.filter((other) => other !== key) : [];
    let cause: unknown;
    for (const each of [key, ...others]) {
      try {
        return await this.#decrypt(wrappedKey, { key: each, use, signal });
      } catch (error) {
        if (!(await this.#meansOtherKey(error, { key: each, use, signal }))) throw error;
        cause = error;
      }
    }
    const hint = isAlias(key) ? ": was the alias moved? Configure the key of before beside it" : "";
    throw new Fault("crypto.integrity", `wrapped key is of another key${hint}`, { cause });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.destroy();
    await Promise.resolve();
  }

  /**
   * True if a refusal was about the ciphertext and not about the key. "Access denied" is also said of a ciphertext whose key nobody
   * knows: then the key still opens what it wraps now.
   */
  async #meansOtherKey(error: unknown, { key, use, signal }: Asked): Promise<boolean> {
    const name = exceptionOf(error);
    if (name !== "AccessDeniedException") return name === "IncorrectKeyException";
    return await opensItsOwn({
      wrap: (payload) => this.#encrypt(payload, { key, use, signal }),
      unwrap: (wrapped) => this.#decrypt(wrapped, { key, use, signal }),
    });
  }

  async #encrypt(payload: Uint8Array, { key, use, signal }: Asked): Promise<Uint8Array> {
    const answer = await asked(
      this.#client.encrypt(
        { KeyId: key.target, Plaintext: payload, EncryptionContext: contextOf(use) },
        { abortSignal: signal },
      ),
    );
    refuseOtherKey(answer.KeyId, key);
    if (answer.CiphertextBlob) return answer.CiphertextBlob;
    throw new Fault("keys.unavailable", "AWS KMS answered without a ciphertext");
  }

  async #decrypt(wrappedKey: Uint8Array, { key, use, signal }: Asked): Promise<Uint8Array> {
    const answer = await asked(
      this.#client.decrypt(
        {
          KeyId: key.target,
          CiphertextBlob: wrappedKey,
          EncryptionContext: contextOf(use),
        },
        { abortSignal: signal },
      ),
    );
    const payload = answer.Plaintext;
    try {
      refuseOtherKey(answer.KeyId, key);
      if (payload?.byteLength === PAYLOAD_BYTES) return Buffer.from(payload);
      throw new Fault("keys.unavailable", "AWS KMS's plaintext has not the length it had");
    } finally {
      payload?.fill(0);
    }
  }

  #key(named: KeyRef): AwsKmsKey {
    const key = this.#keys.find((each) => isSameKey(keyRef(each), named));
    if (key) return key;
    throw new Fault("keys.unknown-key", "that key of AWS KMS is not configured");
  }
}

interface Asked {
  readonly key: AwsKmsKey;
  readonly use: KeyUse;
  readonly signal: AbortSignal;
}

function keyRef({ keyId }: AwsKmsKey): KeyRef {
  return { provider: "aws-kms", keyId, keyVersion: 0 };
}

function contextOf({ binding }: KeyUse): Record<string, string> {
  return { [CONTEXT_NAME]: Buffer.from(binding).toString("base64") };
}

async function asked<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    throw awsKmsFault(error);
  }
}

/** The exception that a fault stands for. */
function exceptionOf(error: unknown): string | undefined {
  return error instanceof Fault && error.cause instanceof Error ? error.cause.message : undefined;
}

function isAlias({ keyId }: AwsKmsKey): boolean {
  return keyId.startsWith("alias/");
}

/** The answer names the key by its ARN. Which one an alias points to is AWS's to say. */
function refuseOtherKey(arn: string | undefined, key: AwsKmsKey): void {
  const id = KEY_ARN.exec(arn ?? "")?.groups?.id;
  if (id !== undefined && (isAlias(key) || id === key.keyId)) return;
  throw new Fault("keys.unavailable", "AWS KMS answers in the name of another key");
}
