/** What `keys` answers of rotations by steps: the version that wraps new data keys is prepared, then changed or left. */
import { z } from "zod";
import { question } from "./contract.ts";
import { AskerProof, answerOf } from "./keys.ts";

const Version = z.number().int().nonnegative();

/** The last rotation, as keys sees it now. Times are ISO 8601. */
export const RotationSnapshot = z.object({
  /** Empty where there was none. */
  rotationId: z.string(),
  /** `ready_for_cutover`: nothing that began before the start is being wrapped any more, or the grace period is over. */
  phase: z.enum(["idle", "draining", "ready_for_cutover", "committed", "aborted"]),
  provider: z.string(),
  /** The version that the rotation leaves; without one, the version that writes. */
  currentVersion: Version,
  /** 0 without a rotation. */
  targetVersion: Version,
  /** Key id of the target. */
  targetKeyId: z.string().optional(),
  /** Wraps in the answering process that the rotation waits for. */
  inFlightWraps: Version,
  startedAt: z.string().optional(),
  completedAt: z.string().optional(),
  graceDeadline: z.string().optional(),
  error: z.string().optional(),
});
export type RotationSnapshot = z.infer<typeof RotationSnapshot>;

/** Why a step is not taken. It is an answer and not a fault, so that it is proven to come from keys. */
export const RotationRefusal = z.object({
  reason: z.enum([
    "BadRequest",
    "AmbiguousTarget",
    "KeyNotFound",
    "NotImplemented",
    "RotationConflict",
    "PromoteFailed",
  ]),
  message: z.string(),
  rotationId: z.string(),
});
export type RotationRefusal = z.infer<typeof RotationRefusal>;

const output = answerOf(
  z.union([z.object({ snapshot: RotationSnapshot }), z.object({ refusal: RotationRefusal })]),
);
/** What came of a step. */
export type RotationAnswer =
  | { readonly snapshot: RotationSnapshot }
  | { readonly refusal: RotationRefusal };

/** Asked by admin, answered by keys: begin a rotation. `graceMs`: how long wraps under way are waited for, 0 as long as it takes. */
export const startRotation = question("keys.rotation.start", {
  input: z.strictObject({
    asker: AskerProof.optional(),
    targetVersion: Version.optional(),
    graceMs: z.number().nonnegative().optional(),
  }),
  output,
});

/** Asked by admin, answered by keys: how the last rotation stands. */
export const showRotation = question("keys.rotation.show", {
  input: z.strictObject({ asker: AskerProof.optional() }),
  output,
});

/** Asked by admin, answered by keys: let the target wrap from now on, even (`force`) while wraps are under way. */
export const commitRotation = question("keys.rotation.commit", {
  input: z.strictObject({ asker: AskerProof.optional(), force: z.boolean() }),
  output,
});

/** Asked by admin, answered by keys: leave everything as it was before the start. */
export const abortRotation = question("keys.rotation.abort", {
  input: z.strictObject({ asker: AskerProof.optional() }),
  output,
});

/** A configured version of a key, and what it may do: wrap new data keys (where a policy says so), open what it wrapped, or nothing. */
const ListedVersion = z.object({
  provider: z.string(),
  keyId: z.string(),
  keyVersion: Version,
  state: z.enum(["active", "by-policy", "readable", "retired"]),
  /** By which operators compare a key without seeing it; absent where the provider has none. */
  checkValue: z.string().optional(),
});
export type ListedVersion = z.infer<typeof ListedVersion>;

/** Asked by admin, answered by keys: which versions it has. */
export const listVersions = question("keys.version.list", {
  input: z.strictObject({ asker: AskerProof.optional() }),
  output: answerOf(z.object({ versions: z.array(ListedVersion).max(1000) })),
});
