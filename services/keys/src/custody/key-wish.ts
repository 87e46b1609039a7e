/** What a policy wishes for, among the keys of custodians. */
import { isWished, type KeyWish } from "@s3eg/shared/contracts/keys.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import type { ActiveCustodian, KeyRef } from "./custodian.ts";

/** The version that wraps a new data key: the active one where nothing is wished for. `keys.unknown-key` for what no policy may choose. */
export function writingKey(custodian: ActiveCustodian, wish: KeyWish | undefined): KeyRef {
  if (!wish) return custodian.activeKey;
  const key = custodian.keyFor
    ? custodian.keyFor(wish)
    : [custodian.activeKey].find((active) => isWished(active, wish));
  if (key) return key;
  throw new Fault("keys.unknown-key", unknownWish(wish));
}

/** What is said of a wish that can't be met, to operators alone. */
export function unknownWish({ provider, keyId }: KeyWish): string {
  const named = keyId === undefined ? provider : `${provider} "${keyId}"`;
  return `${named} is no key that policies may choose: encryption.key_manager.policy_keys of keys does not have it`;
}

/** The version of a key of this custodian that wraps: the one it wraps with anyhow, else the highest. Undefined where it has no such key. */
export function wrappingVersion(custodian: ActiveCustodian, keyId?: string): KeyRef | undefined {
  if (keyId === undefined) return custodian.activeKey;
  const versions = custodian.readableKeys.filter((key) => key.keyId === keyId);
  if (versions.length === 0) return undefined;
  const { activeKey } = custodian;
  if (activeKey.keyId === keyId) return activeKey;
  return versions.reduce((highest, key) => (key.keyVersion > highest.keyVersion ? key : highest));
}
