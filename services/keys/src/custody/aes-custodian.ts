/** The self-contained AES custodian: KEKs of 32 bytes, held by this process (format.md §5). */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import { type ActiveCustodian, isSameKey, type KeyRef, type KeyUse } from "./custodian.ts";

const SALT_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEK_BYTES = 32;
const KEK_INFO = "s3eg/2/kek";
/** Headers name the versions of this custodian's one key so. */
const KEY_ID = "aes";

/** KEKs by version. */
export interface AesKeys {
  readonly versions: ReadonlyMap<number, Secret<Uint8Array>>;
  readonly activeVersion: number;
}

/** A custodian over KEKs in memory. Every wrap derives a key of its own, so one KEK has no limit of uses. */
export class AesCustodian implements ActiveCustodian {
  readonly #keks: ReadonlyMap<number, KeyObject>;
  readonly activeKey: KeyRef;
  readonly readableKeys: readonly KeyRef[];

  constructor({ versions, activeVersion }: AesKeys) {
    if (!versions.has(activeVersion)) {
      throw new Fault("config.invalid", `active version ${activeVersion} has no key`);
    }
    this.#keks = new Map(
      [...versions].map(([version, kek]) => [version, createSecretKey(kekBytes(version, kek))]),
    );
    this.activeKey = keyRef(activeVersion);
    this.readableKeys = [...versions.keys()].map(keyRef);
  }

  keyNamed(named: KeyRef): KeyRef | undefined {
    return this.readableKeys.find((key) => isSameKey(key, named));
  }

  /** In memory there is nothing to be opened. */
  async start(): Promise<void> {
    await Promise.resolve();
  }

  async wrap(payload: Uint8Array, { key, binding }: KeyUse): Promise<Buffer> {
    const salt = randomBytes(SALT_BYTES);
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#derive(key, salt), iv, {
      authTagLength: TAG_BYTES,
    });
    cipher.setAAD(binding);
    return Buffer.concat([salt, iv, cipher.update(payload), cipher.final(), cipher.getAuthTag()]);
  }

  async unwrap(wrappedKey: Uint8Array, { key, binding }: KeyUse): Promise<Buffer> {
    const tagAt = wrappedKey.byteLength - TAG_BYTES;
    const ciphertextAt = SALT_BYTES + IV_BYTES;
    if (tagAt < ciphertextAt) throw new Fault("crypto.integrity", "wrapped key is cut short");
    const derived = this.#derive(key, wrappedKey.subarray(0, SALT_BYTES));
    const iv = wrappedKey.subarray(SALT_BYTES, ciphertextAt);
    const decipher = createDecipheriv("aes-256-gcm", derived, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(binding);
    decipher.setAuthTag(wrappedKey.subarray(tagAt));
    const payload = decipher.update(wrappedKey.subarray(ciphertextAt, tagAt));
    try {
      decipher.final();
      return payload;
    } catch (cause) {
      payload.fill(0);
      throw new Fault("crypto.integrity", "wrapped key does not verify", { cause });
    }
  }

  /** In memory there is nothing that could be away. */
  async check(): Promise<void> {
    await Promise.resolve();
  }

  checkValue(key: KeyRef): string {
    return createHmac("sha256", this.#kek(key)).update("s3eg/2/kcv").digest("hex").slice(0, 16);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }

  #derive(key: KeyRef, salt: Uint8Array): KeyObject {
    const derived = Buffer.from(hkdfSync("sha256", this.#kek(key), salt, KEK_INFO, KEK_BYTES));
    const wrappingKey = createSecretKey(derived);
    derived.fill(0);
    return wrappingKey;
  }

  #kek(key: KeyRef): KeyObject {
    const kek = this.#keks.get(key.keyVersion);
    if (!kek) throw new Fault("keys.unknown-key", `version ${key.keyVersion} is not configured`);
    return kek;
  }
}

function keyRef(keyVersion: number): KeyRef {
  return { provider: "aes", keyId: KEY_ID, keyVersion };
}

function kekBytes(version: number, kek: Secret<Uint8Array>): Uint8Array {
  const bytes = kek.reveal();
  if (bytes.byteLength !== KEK_BYTES) {
    throw new Fault(
      "config.invalid",
      `key version ${version} has ${bytes.byteLength} bytes, not ${KEK_BYTES}`,
    );
  }
  return bytes;
}
