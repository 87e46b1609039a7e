/** Versions of a key that the settings list: read, with every problem at once, and held against their check values. */
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import type { Custodian } from "./custodian.ts";

/** A version as the settings have it. */
interface VersionSetting {
  readonly version: number;
  readonly check_value?: string | undefined;
}

/** Reads each version; `config.invalid` with a line for every one that `read` refuses so. */
export function readVersions<Setting extends VersionSetting, Key>(
  settings: readonly Setting[],
  read: (setting: Setting) => Key,
): Map<number, Key> {
  const versions = new Map<number, Key>();
  const problems = settings.flatMap((setting) => {
    try {
      versions.set(setting.version, read(setting));
      return [];
    } catch (error) {
      if (isFault(error, "config.invalid")) return [error.message];
      throw error;
    }
  });
  if (problems.length > 0) throw new Fault("config.invalid", problems.join("\n"));
  return versions;
}

/** Refuses keys that are not the ones they should be, where the settings say by a check value which ones these are. */
export function refuseOtherKeys(custodian: Custodian, settings: readonly VersionSetting[]): void {
  const problems = settings.flatMap(({ version, check_value }) => {
    const key = custodian.readableKeys.find(({ keyVersion }) => keyVersion === version);
    const isExpected =
      check_value === undefined ||
      (key !== undefined && custodian.checkValue(key) === check_value.toLowerCase());
    return isExpected ? [] : [`key version ${version}: does not have its check_value`];
  });
  if (problems.length > 0) throw new Fault("config.invalid", problems.join("\n"));
}
