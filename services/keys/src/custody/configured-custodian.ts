/** The custodian that the configuration names. */
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import type { EncryptionSection } from "../config.ts";
import { AesCustodian } from "./aes-custodian.ts";
import type { Custodian } from "./custodian.ts";
import { readKeySource } from "./key-source.ts";

/**
 * Opens the configured key store. `config.invalid` where there is none, and with a line for every key that can't be read or is not
 * the one its `check_value` says.
 */
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
  const versions = new Map<number, Secret<Uint8Array>>();
  const problems = keys.flatMap(({ version, key_source }) => {
    const what = `encryption.key_manager.self_contained.aes.keys: version ${version}`;
    try {
      versions.set(version, readKeySource(key_source, what, env));
      return [];
    } catch (error) {
      if (isFault(error, "config.invalid")) return [error.message];
      throw error;
    }
  });
  if (problems.length > 0) throw new Fault("config.invalid", problems.join("\n"));
  const activeVersion = active_version ?? Math.max(...versions.keys());
  const custodian = new AesCustodian({ versions, activeVersion });
  refuseOthers(custodian, keys);
  return custodian;
}

/** Keys that are not the ones they should be, where the configuration says by a check value which ones these are. */
function refuseOthers(
  custodian: Custodian,
  configured: EncryptionSection["key_manager"]["self_contained"]["aes"]["keys"],
): void {
  const problems = configured.flatMap(({ version, check_value }) => {
    const key = custodian.readableKeys.find(({ keyVersion }) => keyVersion === version);
    const isExpected =
      check_value === undefined ||
      (key !== undefined && custodian.checkValue(key) === check_value.toLowerCase());
    return isExpected ? [] : [`key version ${version}: does not have its check_value`];
  });
  if (problems.length > 0) throw new Fault("config.invalid", problems.join("\n"));
}
