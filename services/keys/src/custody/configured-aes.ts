/** The AES custodian of `encryption.key_manager.self_contained.aes`. */
import { AesCustodian } from "./aes-custodian.ts";
import { readVersions, refuseOtherKeys } from "./configured-versions.ts";
import { readKeySource } from "./key-source.ts";
import type { CustodyParts } from "./open-custodian.ts";

/** Opens it; `config.invalid` with a line for every key that can't be read or is not the one its `check_value` says. */
export async function configuredAes({ config, env }: CustodyParts): Promise<AesCustodian> {
  await Promise.resolve();
  const { keys, active_version } = config.key_manager.self_contained.aes;
  const versions = readVersions(keys, ({ version, key_source }) => {
    const what = `encryption.key_manager.self_contained.aes.keys: version ${version}`;
    return readKeySource(key_source, what, env);
  });
  const activeVersion = active_version ?? Math.max(...versions.keys());
  const custodian = new AesCustodian({ versions, activeVersion });
  refuseOtherKeys(custodian, keys);
  return custodian;
}
