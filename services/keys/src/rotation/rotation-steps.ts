/**
 * Rotation by steps: started, ready when what was being wrapped before has ended, then committed or aborted. Its state is decisions like all
 * others, so every replica knows it and it outlives restarts; after its end the next one may begin.
 */
import { randomBytes } from "node:crypto";
import type {
  RotationAnswer,
  RotationRefusal,
  RotationSnapshot,
} from "@s3eg/shared/contracts/key-rotation.ts";
import { isFault } from "@s3eg/shared/faults.ts";
import { isSameKey, type KeyRef } from "../custody/custodian.ts";
import type { Rotation } from "./configured-rotation.ts";
import type { Action, RotationRecord } from "./decision.ts";
import { targetOf } from "./rotation-target.ts";

/** The steps, as answers of any replica. Faults only where JetStream is away. */
export interface RotationSteps {
  /** `graceMs`: see the question; absent: as configured. */
  start(wish: {
    targetVersion?: number | undefined;
    graceMs?: number | undefined;
  }): Promise<RotationAnswer>;
  show(): Promise<RotationAnswer>;
  commit(wish: { force: boolean }): Promise<RotationAnswer>;
  abort(): Promise<RotationAnswer>;
}

/** Bytes of what data keys are wrapped as (format.md §5). */
const PAYLOAD_BYTES = 65;
const BINDING_BYTES = 32;

/** Steps on a rotation; `graceMs` is how long wraps are waited for where a start does not say. */
export function rotationSteps(rotation: Rotation, graceMs: number): RotationSteps {
  const { custodian, states } = rotation;
  const last = () => states.current()?.rotation;
  const snapshot = () => ({ snapshot: snapshotOf(rotation) });

  /** What others decide in the same moment is a conflict like any. */
  async function step(take: (seen: number) => Promise<RotationAnswer>): Promise<RotationAnswer> {
    await rotation.refresh();
    try {
      return await take(states.revision);
    } catch (error) {
      if (!isFault(error, "backend.changed")) throw error;
      return refused("RotationConflict", "key versions were changed meanwhile", last()?.id);
    }
  }

  async function finish(action: Action, record: RotationRecord, seen: number): Promise<void> {
    const completed = { ...record, completedAt: new Date().toISOString() };
    await rotation.decide({ action, key: record.target, rotation: completed }, seen);
  }

  return {
    start: (wish) =>
      step(async (seen) => {
        const running = last();
        if (running?.phase === "draining") {
          const { phase } = snapshotOf(rotation);
          return refused("RotationConflict", `cannot start from phase ${phase}`, running.id);
        }
        const target = targetOf(custodian, wish.targetVersion);
        if ("reason" in target) return refused(target.reason, target.message);
        const record = startedRecord(custodian.activeKey, target.key, wish.graceMs ?? graceMs);
        const change = { action: "started", key: record.target, rotation: record } as const;
        await rotation.decide(change, seen);
        return snapshot();
      }),

    show: async () => await Promise.resolve(snapshot()),

    commit: ({ force }) =>
      step(async (seen) => {
        const record = last();
        const { phase } = snapshotOf(rotation);
        if (record?.phase !== "draining") {
          return refused("RotationConflict", `cannot commit from phase ${phase}`, record?.id);
        }
        if (!force && phase === "draining") {
          const message = "cannot commit while wraps are in flight: force does so";
          return refused("RotationConflict", message, record.id);
        }
        const failure = await failureOf(rotation, record);
        if (failure !== undefined) {
          await finish("failed", { ...record, phase: "aborted", error: failure }, seen);
          return refused("PromoteFailed", failure, record.id);
        }
        await finish("rotated", { ...record, phase: "committed" }, seen);
        return snapshot();
      }),

    abort: () =>
      step(async (seen) => {
        const record = last();
        if (record?.phase !== "draining") {
          const { phase } = snapshotOf(rotation);
          return refused("RotationConflict", `cannot abort from phase ${phase}`, record?.id);
        }
        await finish("aborted", { ...record, phase: "aborted" }, seen);
        return snapshot();
      }),
  };
}

function startedRecord(from: KeyRef, target: KeyRef, graceMs: number): RotationRecord {
  const startedMs = Date.now();
  const id = `rot-${startedMs}-${from.keyVersion}-to-${target.keyVersion}`;
  return {
    id,
    from: plain(from),
    target: plain(target),
    startedAt: new Date(startedMs).toISOString(),
    ...(graceMs > 0 ? { graceDeadline: new Date(startedMs + graceMs).toISOString() } : {}),
    phase: "draining",
  };
}

function plain({ provider, keyId, keyVersion }: KeyRef): RotationRecord["target"] {
  return { provider, keyId, keyVersion };
}

/** How the last rotation stands, and what this process still wraps. */
function snapshotOf({ custodian, states }: Rotation): RotationSnapshot {
  const record = states.current()?.rotation;
  const { provider, keyVersion } = custodian.activeKey;
  if (!record) {
    const version = { currentVersion: keyVersion, targetVersion: 0, inFlightWraps: 0 };
    return { rotationId: "", phase: "idle", provider, ...version };
  }
  const { id, from, target, phase: kept, startedAt, completedAt, graceDeadline, error } = record;
  const isDraining = kept === "draining";
  const inFlightWraps = isDraining ? custodian.wraps.begunBefore(Date.parse(startedAt)) : 0;
  const isOver = graceDeadline !== undefined && Date.now() >= Date.parse(graceDeadline);
  const isReady = isDraining && (inFlightWraps === 0 || isOver);
  return {
    rotationId: id,
    phase: isReady ? "ready_for_cutover" : kept,
    provider: target.provider,
    currentVersion: from.keyVersion,
    targetVersion: target.keyVersion,
    targetKeyId: target.keyId,
    inFlightWraps,
    startedAt,
    ...(completedAt === undefined ? {} : { completedAt }),
    ...(graceDeadline === undefined ? {} : { graceDeadline }),
    ...(error === undefined ? {} : { error }),
  };
}

/** Why the target can't write; undefined where it has just wrapped and opened something. */
async function failureOf(
  { custodian, states }: Rotation,
  { target }: RotationRecord,
): Promise<string | undefined> {
  if (states.isRetired(target)) return `version ${target.keyVersion} is retired`;
  const isThere = custodian.states().some(({ key }) => isSameKey(key, target));
  if (!isThere || custodian.activeKey.provider !== target.provider) {
    return `version ${target.keyVersion} is no longer configured with the key store that writes`;
  }
  const payload = randomBytes(PAYLOAD_BYTES);
  const use = { key: target, binding: randomBytes(BINDING_BYTES) };
  try {
    const opened = await custodian.unwrap(await custodian.wrap(payload, use), use);
    return payload.equals(opened) ? undefined : "what it wraps does not open";
  } catch (error) {
    return error instanceof Error ? error.message : "it can't wrap and unwrap";
  }
}

function refused(
  reason: RotationRefusal["reason"],
  message: string,
  rotationId = "",
): { refusal: RotationRefusal } {
  return { refusal: { reason, message, rotationId } };
}
