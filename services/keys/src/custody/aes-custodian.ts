/** The self-contained AES custodian: KEKs of 32 bytes, held by this process (format.md §5). */
import { createSecretKey, type KeyObject } from "node:crypto";
import { Fault } from "@s3eg/shared/faults.ts";
import { SUITE } from "@s3eg/shared/format/layout.ts";
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import { openWhole } from "@s3eg/shared/sealing/legacy-aead.ts";
import {
  type IsRetired,
  type KeyRef,
  type KeyUse,
  type LegacyWrapped,
  refuseRetired,
} from "./custodian.ts";
import { checkValueOf, unwrapUnderKek, wrapUnderKek } from "./kek-envelope.ts";
import { type ConfiguredVersions, SelfContainedCustodian } from "./self-contained-custodian.ts";

const KEK_BYTES = 32;
const NONCE_BYTES = 12;

/** A custodian over KEKs in memory. */
export class AesCustodian extends SelfContainedCustodian<Secret<Uint8Array>, KeyObject> {
  /** `config.invalid` for a KEK of another length, or none for the active version. */
  constructor(keks: ConfiguredVersions<Secret<Uint8Array>>) {
    super("aes", keks, (version, kek) => createSecretKey(kekBytes(version, kek)));
  }

  async wrap(payload: Uint8Array, { key, binding }: KeyUse): Promise<Buffer> {
    return await Promise.resolve(wrapUnderKek(this.held(key), payload, binding));
  }

  async unwrap(wrappedKey: Uint8Array, { key, binding }: KeyUse): Promise<Buffer> {
    return await Promise.resolve(unwrapUnderKek(this.held(key), wrappedKey, binding));
  }

  /** Nonce, ciphertext and tag, under the version that the object names and no other (docs/format-1.md §4). */
  async unwrapLegacy(
    { wrappedKey, keyVersion }: LegacyWrapped,
    isRetired: IsRetired,
  ): Promise<Uint8Array> {
    await Promise.resolve();
    const named = { ...this.activeKey, keyVersion: Number(keyVersion) };
    refuseRetired(named, isRetired);
    const kek = this.held(named);
    const nonce = wrappedKey.subarray(0, NONCE_BYTES);
    const sealed = wrappedKey.subarray(NONCE_BYTES);
    return openWhole(sealed, { suite: SUITE.aes256Gcm, key: kek, nonce });
  }

  checkValue(key: KeyRef): string {
    return checkValueOf(this.held(key));
  }
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
