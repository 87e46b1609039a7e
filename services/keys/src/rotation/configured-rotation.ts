/** Key versions as operators change them: listed, rotated, retired, restored. */
import { Fault } from "@s3eg/shared/faults.ts";
import { type ActiveCustodian, isSameKey, type KeyRef } from "../custody/custodian.ts";
import type { Action, Change, Decision } from "./decision.ts";
import { StatedCustodian, type StatedVersion } from "./stated-custodian.ts";
import { type VersionState, VersionStates } from "./version-states.ts";

/** A custodian under the decisions about its versions, and how these are made. */
export interface Rotation {
  readonly custodian: StatedCustodian;
  readonly states: VersionStates;
  /** Learns of what was decided by others until now; `bus.unavailable` where that can't be known. */
  refresh(): Promise<void>;
  /** Decides on revision `seen` of `states`. `backend.changed` where anything was decided since. */
  decide(change: Change, seen: number): Promise<void>;
}

/** Puts a custodian under the decisions in `folder`, the folder of keys in DATA_DIR, which are nobody else's. */
export function openRotation(inner: ActiveCustodian, folder: string): Rotation {
  const states = VersionStates.ofKeys(folder);
  return {
    custodian: new StatedCustodian(inner, states),
    states,
    refresh: async () => await Promise.resolve(),
    decide: async (change, seen) => {
      await Promise.resolve();
      states.keep(states.next(change, seen));
    },
  };
}

/** What operators do with a version at once, without steps. */
type VersionChange = "rotated" | "retired" | "restored";

/**
 * Makes a version of the active key store the one that wraps new data keys (`rotated`), refuses it from now on (`retired`), or lets it be
 * read again (`restored`). Faults as of `changeableVersion` and `Rotation`.
 */
export async function changeVersion(
  rotation: Rotation,
  action: VersionChange,
  keyVersion: number,
): Promise<KeyRef> {
  await rotation.refresh();
  const seen = rotation.states.revision;
  const { key, state } = changeableVersion(rotation, action, keyVersion);
  if (!(action === "rotated" && state === "active")) await rotation.decide({ action, key }, seen);
  return key;
}

/**
 * The version that would be changed, as far as is known now. `input.invalid` where that can't be: of a version that is not configured, the
 * active one, or a retired one; and where several keys of a key store have a version of that number; or while a rotation by steps is under
 * way that it would cross.
 */
export function changeableVersion(
  { custodian, states }: Rotation,
  action: VersionChange,
  keyVersion: number,
): StatedVersion {
  const { provider } = custodian.activeKey;
  const { key, state } = versionNumbered(custodian, keyVersion);
  const refusal = {
    rotated: state === "retired" ? "is retired: restore it first" : undefined,
    retired: WRAPS[state],
    restored: state === "retired" ? undefined : "is not retired",
  }[action];
  if (refusal !== undefined) {
    throw new Fault("input.invalid", `key version ${keyVersion} ${refusal}`);
  }
  if (action === "rotated" && key.provider !== provider) {
    throw new Fault("input.invalid", `version ${keyVersion} is of a key store that only reads`);
  }
  refuseCrossing(states.current(), action, key);
  return { key, state };
}

function refuseCrossing(decided: Decision | undefined, action: Action, key: KeyRef): void {
  const { rotation } = decided ?? {};
  if (rotation?.phase !== "draining") return;
  if (action === "rotated" || (action === "retired" && isSameKey(rotation.target, key))) {
    const to = `to version ${rotation.target.keyVersion}`;
    throw new Fault(
      "input.invalid",
      `rotation ${rotation.id} ${to} is under way: commit or abort it first`,
    );
  }
}

/** Why what wraps is not retired. */
const WRAPS: Partial<Record<VersionState, string>> = {
  active: "wraps new data keys: rotate first",
  "by-policy": "wraps new data keys where a policy says so: take it out of policy_keys first",
};

/** The version of that number of the key store that writes, else of one that only reads. `input.invalid` where there is none, or several. */
export function versionNumbered(custodian: StatedCustodian, keyVersion: number): StatedVersion {
  const { provider } = custodian.activeKey;
  const all = custodian.states().filter((one) => one.key.keyVersion === keyVersion);
  const own = all.filter((one) => one.key.provider === provider);
  const [found, ...more] = own.length > 0 ? own : all;
  if (!found) throw new Fault("input.invalid", `no configured key has a version ${keyVersion}`);
  if (more.length === 0) return found;
  throw new Fault("input.invalid", `several configured keys have a version ${keyVersion}`);
}
