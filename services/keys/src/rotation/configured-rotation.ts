/** Key versions as operators change them: listed, rotated, retired, restored, and told to the audit trail by the keys that runs. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { keyVersionChanged } from "@s3eg/shared/contracts/audit.ts";
import { versionRetired } from "@s3eg/shared/contracts/keys.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { ActiveCustodian, KeyRef } from "../custody/custodian.ts";
import { StatedCustodian, type StatedVersion } from "./stated-custodian.ts";
import { type Decision, type VersionState, VersionStates } from "./version-states.ts";

/** A custodian under the decisions kept in the folder of keys, and these decisions. */
export interface Rotation {
  readonly custodian: StatedCustodian;
  readonly states: VersionStates;
}

/** How often it is looked for decisions to announce; they hold at once all the same. */
const LOOK_MS = 1000;

/** Puts a custodian under the decisions in `folder`, the folder of keys in DATA_DIR. */
export function openRotation(inner: ActiveCustodian, folder: string): Rotation {
  const states = VersionStates.ofKeys(folder);
  return { custodian: new StatedCustodian(inner, states), states };
}

/**
 * Makes a version of the active key store the one that wraps new data keys (`rotated`), refuses it from now on (`retired`), or lets it be
 * read again (`restored`). `input.invalid` where that can't be: of a version that is not configured, the active one, or a retired one; and
 * where several keys of a key store have a version of that number.
 */
export function changeVersion(
  { custodian, states }: Rotation,
  action: Decision["change"]["action"],
  keyVersion: number,
): KeyRef {
  const { provider } = custodian.activeKey;
  const { key, state } = onlyVersion(custodian, keyVersion);
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
  if (!(action === "rotated" && state === "active")) states.decide(action, key);
  return key;
}

/** Why what wraps is not retired. */
const WRAPS: Partial<Record<VersionState, string>> = {
  active: "wraps new data keys: rotate first",
  "by-policy": "wraps new data keys where a policy says so: take it out of policy_keys first",
};

/** The version of that number of the key store that writes, else of one that only reads. */
function onlyVersion(custodian: StatedCustodian, keyVersion: number): StatedVersion {
  const { provider } = custodian.activeKey;
  const all = custodian.states().filter((one) => one.key.keyVersion === keyVersion);
  const own = all.filter((one) => one.key.provider === provider);
  const [found, ...more] = own.length > 0 ? own : all;
  if (!found) throw new Fault("input.invalid", `no configured key has a version ${keyVersion}`);
  if (more.length === 0) return found;
  throw new Fault("input.invalid", `several configured keys have a version ${keyVersion}`);
}

/** Announces to audit, and logs, every decision that is made from now on. */
export function announceDecisions(
  states: VersionStates,
  { bus, log }: { bus: Bus; log: Log },
): Disposable {
  let announced = states.revision;
  const look = () => {
    try {
      const decision = states.current();
      if (!decision || states.revision === announced) return;
      announced = states.revision;
      const { action, key, timestamp } = decision.change;
      log.warn({ ...key, action }, "key versions were changed");
      if (action === "retired") {
        bus.publish(versionRetired, key).catch((err: unknown) => {
          log.warn({ err }, "workers could not be told of a retired key version");
        });
      }
      bus.publish(keyVersionChanged, { timestamp, action, ...key }).catch((err: unknown) => {
        log.warn({ err }, "a change of key versions was not announced");
      });
    } catch (err) {
      log.error({ err }, "key versions can't be looked up");
    }
  };
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
