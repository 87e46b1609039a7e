/** What format 1 is opened with, of the settings: passwords, the master key of `memory`, and every configured key store. */
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import { configuredPasswords } from "../custody/configured-password.ts";
import type { Custodians } from "../custody/custodians.ts";
import { readSourceBytes } from "../custody/key-source.ts";
import { LegacyMemoryKey } from "../custody/legacy-memory-key.ts";
import type { CustodyParts } from "../custody/open-custodian.ts";
import { VersionStates } from "../rotation/version-states.ts";
import type { LegacyKeyStores } from "./legacy-keys.ts";
import { LegacyPasswords } from "./legacy-passwords.ts";

/** Reads what the settings name; `config.invalid` for a source that can't be read. */
export async function configuredLegacy(
  parts: CustodyParts,
  {
    custodians,
    acceptsForgeable,
    states = VersionStates.ofKeys(parts.folder),
  }: {
    readonly custodians: Custodians;
    readonly acceptsForgeable: boolean;
    /** Absent: those of the folder. */
    readonly states?: VersionStates;
  },
): Promise<LegacyKeyStores> {
  const { master_key_source } = parts.config.key_manager.memory;
  return {
    custodians,
    passwords: new LegacyPasswords(await configuredPasswords(parts), { isFips: parts.config.fips }),
    memory: master_key_source && memoryKey(master_key_source, parts.env),
    acceptsForgeable,
    isRetired: (key) => states.isRetired(key),
  };
}

/** `env:NAME`, `file:/path`, or the key itself. */
function memoryKey(source: Secret, env: CustodyParts["env"]): LegacyMemoryKey {
  const isNamed = /^(?:env|file):/.test(source.reveal());
  const what = "encryption.key_manager.memory.master_key_source";
  const key = isNamed ? readSourceBytes(source, what, env) : Buffer.from(source.reveal());
  return new LegacyMemoryKey(key.toString("utf8"));
}
