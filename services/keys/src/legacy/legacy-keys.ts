/** Which key store opens the data key of an object of format 1 (docs/format-1.md §4). */
import { Fault } from "@s3eg/shared/faults.ts";
import type { Provider } from "@s3eg/shared/format/layout.ts";
import type { LegacyKeySource } from "@s3eg/shared/legacy/legacy-object.ts";
import type { IsRetired } from "../custody/custodian.ts";
import type { Custodians } from "../custody/custodians.ts";
import type { LegacyMemoryKey } from "../custody/legacy-memory-key.ts";
import type { LegacyPasswords } from "./legacy-passwords.ts";

const KEY_BYTES = 32;

/** Names of that format for the key stores of this one. */
const PROVIDER_OF: Readonly<Record<string, Provider>> = {
  "cosmian-kmip": "kmip",
  "openbao-transit": "transit",
  "vault-transit": "transit",
};

/** What the data keys of format 1 are opened with. */
export interface LegacyKeyStores {
  readonly custodians: Pick<Custodians, "unwrapLegacyOf">;
  readonly passwords: LegacyPasswords;
  readonly memory: LegacyMemoryKey | undefined;
  /** False: what anybody can make who has a public key is not opened (RSA). */
  readonly acceptsForgeable: boolean;
  readonly isRetired: IsRetired;
}

/**
 * The data key of an object: several where it was derived from a password and more than one is configured. `keys.unknown-key` where the
 * key store that the object names is not configured, `crypto.integrity` where the wrapped key is not genuine. A wrapped key is never
 * taken for one of another store.
 */
export async function legacyDataKeys(
  { custodians, passwords, memory, acceptsForgeable, isRetired }: LegacyKeyStores,
  source: LegacyKeySource,
): Promise<Uint8Array[]> {
  if (source.kind === "password") return await passwords.derivedKeys(source.kdf, source.salt);
  const { provider, keyId } = source;
  if (provider === "password") return [dataKeyOf(await passwords.unwrap(source.wrappedKey))];
  if (provider === "memory") {
    if (memory) return [dataKeyOf(memory.unwrap(source))];
    throw new Fault("keys.unknown-key", "memory.master_key_source is not configured");
  }
  const kind = provider === "self_contained" ? selfContainedOf(keyId) : PROVIDER_OF[provider];
  if (!kind) throw new Fault("keys.unknown-key", "object names a key store that is not known");
  if (kind === "rsa" && !acceptsForgeable) {
    throw new Fault(
      "crypto.not-permitted",
      "anybody with the public key can make such an object; legacy.accept_forgeable would let it be read",
    );
  }
  return [dataKeyOf(await custodians.unwrapLegacyOf(kind, source, isRetired))];
}

function selfContainedOf(keyId: string): Provider | undefined {
  if (keyId.startsWith("self-contained-aes-")) return "aes";
  return keyId.startsWith("self-contained-rsa-") ? "rsa" : undefined;
}

function dataKeyOf(key: Uint8Array): Uint8Array {
  if (key.byteLength === KEY_BYTES) return key;
  key.fill(0);
  throw new Fault("crypto.integrity", "data key of the object has the wrong length");
}
