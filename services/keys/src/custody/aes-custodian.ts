/** The self-contained AES custodian: KEKs of 32 bytes, held by this process (format.md §5). */
import { createSecretKey, type KeyObject } from "node:crypto";
import { Fault } from "@s3eg/shared/faults.ts";
import { SUITE } from "@s3eg/shared/format/layout.ts";
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import { openWhole } from "@s3eg/shared/sealing/legacy-aead.ts";
import {
  type ActiveCustodian,
  isSameKey,
  type KeyRef,
  type KeyUse,
  type LegacyWrapped,
} from "./custodian.ts";
import { checkValueOf, unwrapUnderKek, wrapUnderKek } from "./kek-envelope.ts";

const KEK_BYTES = 32;
const NONCE_BYTES = 12;
/** Headers name the versions of this custodian's one key so. */
const KEY_ID = "aes";

/** KEKs by version. */
export interface AesKeys {
  readonly versions: ReadonlyMap<number, Secret<Uint8Array>>;
  readonly activeVersion: number;
}

/** A custodian over KEKs in memory. */
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
    return await Promise.resolve(wrapUnderKek(this.#kek(key), payload, binding));
  }

  async unwrap(wrappedKey: Uint8Array, { key, binding }: KeyUse): Promise<Buffer> {
    return await Promise.resolve(unwrapUnderKek(this.#kek(key), wrappedKey, binding));
  }

  /** Nonce, ciphertext and tag, under the version that the object names and no other (docs/format-1.md §4). */
  async unwrapLegacy({ wrappedKey, keyVersion }: LegacyWrapped): Promise<Uint8Array> {
    await Promise.resolve();
    const kek = this.#kek({ ...this.activeKey, keyVersion: Number(keyVersion) });
    const nonce = wrappedKey.subarray(0, NONCE_BYTES);
    const sealed = wrappedKey.subarray(NONCE_BYTES);
    return openWhole(sealed, { suite: SUITE.aes256Gcm, key: kek, nonce });
  }

  /** In memory there is nothing that could be away. */
  async check(): Promise<void> {
    await Promise.resolve();
  }

  checkValue(key: KeyRef): string {
    return checkValueOf(this.#kek(key));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
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
