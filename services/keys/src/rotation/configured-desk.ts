/** Keys as operators see it: lists versions, answers the steps of rotations, announces decisions, and measures both. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import {
  abortRotation,
  commitRotation,
  type ListedVersion,
  listVersions,
  type RotationAnswer,
  showRotation,
  startRotation,
} from "@s3eg/shared/contracts/key-rotation.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import type { AnswerGuard } from "@s3eg/shared/trust/answerer.ts";
import { guardedAnswer } from "@s3eg/shared/trust/guarded-answer.ts";
import type { KeyManagerSection } from "../config/key-manager.ts";
import { announceDecisions } from "./announcements.ts";
import type { Rotation } from "./configured-rotation.ts";
import { rotationSteps } from "./rotation-steps.ts";

/** What the desk is opened with. */
export interface DeskParts {
  readonly rotation: Rotation;
  readonly policy: KeyManagerSection["rotation_policy"];
  /** Folder of keys in DATA_DIR. */
  readonly folder: string;
  readonly bus: Bus;
  /** Who may ask from other processes: SERVICE_SECRET. Absent: nobody. */
  readonly guard: AnswerGuard | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** How long wraps under way are waited for where neither the request nor the settings say. */
const DEFAULT_GRACE_MS = 30_000;

/** Opens it; disposing ends the announcements. */
export function openRotationDesk(parts: DeskParts): AsyncDisposable {
  const { rotation, policy, bus, guard, metrics } = parts;
  const hasGrace = policy.enabled && policy.grace_window > 0;
  const steps = rotationSteps(rotation, hasGrace ? policy.grace_window : DEFAULT_GRACE_MS);
  const counted = countedWith(metrics);
  bus.serve(
    startRotation,
    guardedAnswer(startRotation, guard, ({ targetVersion, graceMs }) =>
      counted("start", () => steps.start({ targetVersion, graceMs })),
    ),
  );
  bus.serve(
    showRotation,
    guardedAnswer(showRotation, guard, () => steps.show()),
  );
  bus.serve(
    commitRotation,
    guardedAnswer(commitRotation, guard, ({ force }) =>
      counted("commit", () => steps.commit({ force })),
    ),
  );
  bus.serve(
    abortRotation,
    guardedAnswer(abortRotation, guard, () => counted("abort", () => steps.abort())),
  );
  bus.serve(
    listVersions,
    guardedAnswer(listVersions, guard, async () => ({ versions: listed(rotation) })),
  );
  return announceDecisions({ ...parts, ...rotation, onChange: measured(rotation, metrics) });
}

function listed({ custodian }: Rotation): ListedVersion[] {
  return custodian.states().map(({ key, state }) => {
    const checkValue = custodian.checkValue(key);
    const { provider, keyId, keyVersion } = key;
    return { provider, keyId, keyVersion, state, ...(checkValue ? { checkValue } : {}) };
  });
}

/** Shows the version that writes, and what is being wrapped. */
function measured({ custodian }: Rotation, metrics: Metrics): () => void {
  const active = metrics.gauge({
    name: "kms_active_key_version",
    help: "Version of the key that wraps new data keys.",
    labels: ["provider"],
  });
  metrics.gauge({
    name: "kms_rotation_in_flight_wraps",
    help: "Data keys that are being wrapped.",
    read: () => custodian.wraps.count,
  });
  return () => {
    const { provider, keyVersion } = custodian.activeKey;
    active.set({ provider }, keyVersion);
  };
}

type Step = (step: string, take: () => Promise<RotationAnswer>) => Promise<RotationAnswer>;

function countedWith(metrics: Metrics): Step {
  const total = metrics.counter({
    name: "kms_rotation_operations_total",
    help: "Steps of rotations by result (ok, conflict, unsupported, error).",
    labels: ["step", "result"],
  });
  const seconds = metrics.histogram({
    name: "kms_rotation_duration_seconds",
    help: "Seconds that steps of rotations took.",
    labels: ["step"],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
  });
  return async (step, take) => {
    const startedMs = performance.now();
    let result = "error";
    try {
      const answer = await take();
      result = resultOf(answer);
      return answer;
    } finally {
      total.add({ step, result });
      seconds.observe({ step }, (performance.now() - startedMs) / 1000);
    }
  };
}

function resultOf(answer: RotationAnswer): string {
  if ("snapshot" in answer) return "ok";
  const { reason } = answer.refusal;
  if (reason === "RotationConflict") return "conflict";
  return reason === "NotImplemented" ? "unsupported" : "error";
}
