/** What operators decide about key versions, and what holds after a decision. Pure: where decisions are kept is not its business. */
import { PROVIDERS } from "@s3eg/shared/format/layout.ts";
import { z } from "zod";
import { isSameKey, type KeyRef } from "../custody/custodian.ts";

const NamedKey = z.strictObject({
  provider: z.enum(PROVIDERS),
  keyId: z.string(),
  keyVersion: z.int().nonnegative(),
});

/** A rotation as the admin API steps through it: started, then committed or aborted. */
const RotationRecord = z.strictObject({
  id: z.string(),
  /** Wraps new data keys until the commit, and after it. */
  from: NamedKey,
  target: NamedKey,
  startedAt: z.iso.datetime(),
  /** From then on nobody waits for wraps under way; absent: waited for as long as it takes. */
  graceDeadline: z.iso.datetime().optional(),
  phase: z.enum(["draining", "committed", "aborted"]),
  completedAt: z.iso.datetime().optional(),
  /** Why the commit failed that aborted it. */
  error: z.string().optional(),
});
export type RotationRecord = z.infer<typeof RotationRecord>;

/**
 * `rotated`: wraps new data keys from now on; `retired`: refused from now on; `restored`: read again. `started`, `aborted`, `failed`: of a
 * rotation, which ends with `rotated` where it ends well.
 */
const ACTIONS = ["started", "rotated", "failed", "aborted", "retired", "restored"] as const;
export type Action = (typeof ACTIONS)[number];

/** A decision, and everything that holds after it. */
export const Decision = z.strictObject({
  /** Wraps new data keys; absent: the version that the configuration says. */
  active: NamedKey.optional(),
  /** Neither wrap nor unwrap, though they are configured. */
  retired: z.array(NamedKey),
  /** The last rotation by steps. */
  rotation: RotationRecord.optional(),
  change: z.strictObject({
    action: z.enum(ACTIONS),
    key: NamedKey,
    timestamp: z.iso.datetime(),
    /** Of the rotation that this is a step of. */
    rotationId: z.string().optional(),
  }),
});
export type Decision = z.infer<typeof Decision>;

/** A decision with its number: the first one is 1. */
export interface NumberedDecision {
  readonly number: number;
  readonly decision: Decision;
}

/** What is to be changed. */
export interface Change {
  readonly action: Action;
  readonly key: KeyRef;
  /** What becomes of the rotation by steps; absent: it stays as it is. */
  readonly rotation?: RotationRecord;
}

/** What holds after a change of what holds now. */
export function decisionAfter(
  before: Decision | undefined,
  { action, key: { provider, keyId, keyVersion }, rotation }: Change,
): Decision {
  const key = { provider, keyId, keyVersion };
  const others = (before?.retired ?? []).filter((one) =>
    ["retired", "restored"].includes(action) ? !isSameKey(one, key) : true,
  );
  const active = action === "rotated" ? key : before?.active;
  const lastRotation = rotation ?? before?.rotation;
  const step = rotation ? { rotationId: rotation.id } : {};
  return {
    ...(active ? { active } : {}),
    retired: action === "retired" ? [...others, key] : others,
    ...(lastRotation ? { rotation: lastRotation } : {}),
    change: { action, key, timestamp: new Date().toISOString(), ...step },
  };
}
