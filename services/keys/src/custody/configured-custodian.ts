/** The custodian that the configuration names. */
import { Fault } from "@s3eg/shared/faults.ts";
import type { EncryptionSection } from "../config.ts";
import { AesCustodian } from "./aes-custodian.ts";
import type { Custodian } from "./custodian.ts";
import { readKeySource } from "./key-source.ts";

/** Opens the configured key store; `config.invalid` where there is none, or a key can't be read. */
export function configuredCustodian(
  config: EncryptionSection,
  env: Readonly<Record<string, string | undefined>>,
): Custodian {
  const { enabled, self_contained } = config.key_manager;
  if (!enabled) {
    throw new Fault(
      "config.invalid",
      "encryption.key_manager.enabled (KEY_MANAGER_ENABLED): needed, nothing else holds a KEK",
    );
  }
  const { keys, active_version } = self_contained.aes;
  const versions = new Map(
    keys.map(({ version, key_source }) => [
      version,
      readKeySource(key_source, `key version ${version}`, env),
    ]),
  );
  return new AesCustodian({
    versions,
    activeVersion: active_version ?? Math.max(...versions.keys()),
  });
}
