/** Rotation where keys has replicas, or may have: decisions are shared in JetStream. */
import type { KeptValue } from "@s3eg/shared/bus/kept-value.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import type { ActiveCustodian } from "../custody/custodian.ts";
import type { Rotation } from "./configured-rotation.ts";
import { SharedDecisions } from "./shared-decisions.ts";
import { DecisionSeal } from "./signed-decisions.ts";
import { StatedCustodian } from "./stated-custodian.ts";
import { VersionStates } from "./version-states.ts";

/** Where decisions are shared, and who may make them. */
export interface SharedPlace {
  readonly value: KeptValue;
  /** A name of the place: what was decided at another is not taken here. */
  readonly name: string;
  /** KEYS_SECRET. */
  readonly secret: Secret<Uint8Array>;
}

/** A rotation whose decisions are shared. Disposing it ends the sharing and leaves the custodian open. */
export interface SharedRotation extends Rotation, AsyncDisposable {
  /** Resolves while decisions of other replicas are heard of. */
  check(): Promise<void>;
}

/**
 * Puts a custodian under the shared decisions, once they are known: `folder` remembers those that this replica has seen, so that older ones
 * can't be given to it again. Waits for JetStream until `signal` is aborted; faults as of SharedDecisions.
 */
export async function openSharedRotation(
  inner: ActiveCustodian,
  options: {
    readonly folder: string;
    readonly place: SharedPlace;
    readonly log: Log;
    readonly signal: AbortSignal;
  },
): Promise<SharedRotation> {
  const { folder, place, log, signal } = options;
  const states = VersionStates.ofKeys(folder);
  const seal = new DecisionSeal(place.secret, place.name);
  const sharing = { states, value: place.value, seal, log };
  const shared = await SharedDecisions.open(sharing, signal);
  return {
    custodian: new StatedCustodian(inner, states),
    states,
    refresh: () => shared.look(),
    decide: (change, seen) => shared.decide(change, seen),
    check: () => shared.check(),
    [Symbol.asyncDispose]: () => shared[Symbol.asyncDispose](),
  };
}
