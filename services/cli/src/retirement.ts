/**
 * Whether a key version may be retired, as far as re-wraps tell. Nobody here knows all buckets of a backend, so nothing proves that no object
 * needs it; but what is known to need it, and that nobody has looked, are reasons to wait.
 */
import type { KeyRef } from "../../keys/src/custody/custodian.ts";
import type { NumberedDecision } from "../../keys/src/rotation/decision.ts";
import type { RewrapReport } from "./rewrap-reports.ts";

/** What is to be retired, and what is known. */
export interface Retirement {
  readonly key: KeyRef;
  readonly decisions: readonly NumberedDecision[];
  readonly reports: readonly RewrapReport[];
}

/** An answer: `reason` is why it had better not be, `note` what is known if it is. */
export type RetirementAdvice = { readonly reason: string } | { readonly note: string };

const UNKNOWN_NEED = "?";

/** What re-wraps say of it. */
export function adviceOn({ key, decisions, reports }: Retirement): RetirementAdvice {
  const name = keyName(key);
  const stoppedAt = stoppedWriting(key, decisions);
  const isFresh = ({ startedAt }: RewrapReport) =>
    stoppedAt === undefined || (startedAt !== undefined && startedAt >= stoppedAt);
  const fresh = reports.filter(isFresh);
  const last = fresh.filter((one) => !fresh.some((other) => isCovered(one, other)));
  const doubts = last.flatMap(({ bucket, prefix, needs }) => {
    const [known = 0, unseen = 0] = [needs[name], needs[UNKNOWN_NEED]];
    if (known + unseen === 0) return [];
    return [`${nameOf({ bucket, prefix })}: ${known} need it, of ${unseen} it could not be seen`];
  });
  if (doubts.length > 0) {
    return { reason: `objects still need version ${key.keyVersion}:\n  ${doubts.join("\n  ")}` };
  }
  const whole = last.filter(({ prefix }) => prefix === "");
  if (whole.length === 0) {
    const since = stoppedAt === undefined ? "" : " since it stopped writing";
    return {
      reason: `nobody has looked which objects need version ${key.keyVersion}${since}: s3eg rewrap --dry-run BUCKET … does, for every bucket`,
    };
  }
  const looked = whole.map(({ bucket, startedAt }) => `${bucket} (${startedAt ?? "?"})`);
  return {
    note: `no object needs it in ${looked.join(", ")}; what other buckets hold is not known. s3eg keys restore ${key.keyVersion} takes it back`,
  };
}

/** As re-wraps name what objects need. */
function keyName({ provider, keyVersion, keyId }: KeyRef): string {
  return `${provider} ${keyVersion} ${keyId}`;
}

/** True if a later run looked at all that this one did. */
function isCovered({ bucket, prefix, startedAt = "" }: RewrapReport, later: RewrapReport): boolean {
  const isWider = later.bucket === bucket && prefix.startsWith(later.prefix);
  return isWider && (later.startedAt ?? "") > startedAt;
}

function nameOf({ bucket, prefix }: Pick<RewrapReport, "bucket" | "prefix">): string {
  return prefix === "" ? bucket : `${bucket}/${prefix}*`;
}

/** When another version was made the one that writes in its place; undefined where only the configuration ever said so. */
function stoppedWriting(key: KeyRef, decisions: readonly NumberedDecision[]): string | undefined {
  let wrote = true;
  let stoppedAt: string | undefined;
  for (const { decision } of decisions) {
    if (decision.change.action !== "rotated") continue;
    const writes = keyName(decision.change.key) === keyName(key);
    if (wrote && !writes) stoppedAt = decision.change.timestamp;
    wrote = writes;
  }
  return stoppedAt;
}
