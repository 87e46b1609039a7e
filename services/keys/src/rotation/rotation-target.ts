/** Which version a rotation goes to. */
import type { RotationRefusal } from "@s3eg/shared/contracts/key-rotation.ts";
import { isSameKey, type KeyRef } from "../custody/custodian.ts";
import type { StatedCustodian, StatedVersion } from "./stated-custodian.ts";

type Target = { readonly key: KeyRef } | Pick<RotationRefusal, "reason" | "message">;

/** The configured version with that number of the key store that writes; without a number the highest above the one that writes. */
export function targetOf(custodian: StatedCustodian, wanted: number | undefined): Target {
  const { activeKey } = custodian;
  const why = whyNotRotatable(activeKey);
  if (why !== undefined) return { reason: "NotImplemented", message: why };
  const versions = custodian.states().filter(({ key }) => key.provider === activeKey.provider);
  const numbered = versions.filter(({ key }) =>
    wanted === undefined ? isAfter(key, activeKey) : key.keyVersion === wanted,
  );
  const usable = numbered.filter(({ state }) => wanted !== undefined || state !== "retired");
  const [best, ...more] = usable.toSorted((a, b) => b.key.keyVersion - a.key.keyVersion);
  if (!best) return nothingFound(activeKey, wanted);
  if (more.some(({ key }) => key.keyVersion === best.key.keyVersion)) {
    const message = `several configured keys have a version ${best.key.keyVersion}`;
    return { reason: "AmbiguousTarget", message };
  }
  return usableTarget(best, activeKey);
}

function usableTarget({ key, state }: StatedVersion, activeKey: KeyRef): Target {
  const named = `version ${key.keyVersion}`;
  if (isSameKey(key, activeKey)) {
    return { reason: "BadRequest", message: `${named} wraps new data keys already` };
  }
  if (state !== "retired") return { key };
  return { reason: "BadRequest", message: `${named} is retired: restore it first` };
}

function nothingFound({ keyVersion }: KeyRef, wanted: number | undefined): Target {
  if (wanted !== undefined) {
    return { reason: "KeyNotFound", message: `no configured key has a version ${wanted}` };
  }
  const message = `target_version required: no version above ${keyVersion} is configured`;
  return { reason: "AmbiguousTarget", message };
}

function isAfter(key: KeyRef, activeKey: KeyRef): boolean {
  return key.keyVersion > activeKey.keyVersion;
}

/** Versions that the key store keeps to itself, and epochs of a password, are not ours to choose. */
function whyNotRotatable({ provider, keyVersion }: KeyRef): string | undefined {
  if (provider === "password") return "a password is changed in the configuration";
  if (keyVersion === 0) return `keys of ${provider} are rotated in their key store`;
  return undefined;
}
