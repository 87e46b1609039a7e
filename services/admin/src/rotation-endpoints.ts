/** Rotation of the key that wraps new data keys, under the paths and in the words that operators' tools know: asked of keys, step by step. */
import { randomUUID } from "node:crypto";
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import {
  abortRotation,
  commitRotation,
  type RotationAnswer,
  type RotationRefusal,
  type RotationSnapshot,
  showRotation,
  startRotation,
} from "@s3eg/shared/contracts/key-rotation.ts";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import {
  jsonAnswer,
  type SmallAnswer,
  type SmallRequest,
} from "@s3eg/shared/runtime/answer-server.ts";
import { durationMs } from "@s3eg/shared/runtime/config.ts";
import { askKeys, type KeysQuestion } from "@s3eg/shared/trust/ask.ts";
import type { AskerSession } from "@s3eg/shared/trust/asker.ts";
import { z } from "zod";

/** Whom is asked, and how it is proven; no session where keys is a role of this process. */
interface Asking {
  readonly bus: Bus;
  readonly session: AskerSession | undefined;
}

type Handler = (request: SmallRequest) => Promise<SmallAnswer>;

const StartBody = z.object({
  target_version: z.int().nonnegative().optional(),
  grace_period: durationMs().optional(),
});
const CommitBody = z.object({ force: z.boolean().optional() });

const STATUS: Record<RotationRefusal["reason"], number> = {
  BadRequest: 400,
  AmbiguousTarget: 400,
  KeyNotFound: 404,
  RotationConflict: 409,
  PromoteFailed: 500,
  NotImplemented: 501,
};

/** The endpoints by `METHOD /path`. */
export function rotationEndpoints(asking: Asking): [string, Handler][] {
  return [
    [
      "POST /admin/kms/rotate/start",
      answered(async (request) => {
        const { target_version: targetVersion, grace_period: graceMs } = await bodyOf(
          request,
          StartBody,
        );
        const input = {
          ...(targetVersion === undefined ? {} : { targetVersion }),
          ...(graceMs === undefined ? {} : { graceMs }),
        };
        return shown(await ask(asking, startRotation, input), startedBody);
      }),
    ],
    [
      "GET /admin/kms/rotate/status",
      answered(async () => shown(await ask(asking, showRotation, {}), snapshotBody)),
    ],
    [
      "POST /admin/kms/rotate/commit",
      answered(async (request) => {
        const { force = false } = await bodyOf(request, CommitBody);
        return shown(await ask(asking, commitRotation, { force }), snapshotBody);
      }),
    ],
    [
      "POST /admin/kms/rotate/abort",
      answered(async () => shown(await ask(asking, abortRotation, {}), snapshotBody)),
    ],
  ];
}

async function ask<Input extends object>(
  { bus, session }: Asking,
  question: KeysQuestion<Input, RotationAnswer>,
  input: NoInfer<Input>,
): Promise<RotationAnswer> {
  return await askKeys(bus, session, { question, input, requestId: `admin-${randomUUID()}` });
}

/** What is wrong with the request is said; where keys can't be asked, that. */
function answered(handler: Handler): Handler {
  return async (request) => {
    try {
      return await handler(request);
    } catch (error) {
      if (isFault(error, "input.invalid")) return refusal(400, "BadRequest", error);
      if (isFault(error, "limit.body-too-large")) {
        return refusal(413, "RequestTooLarge", error);
      }
      if (!(error instanceof Fault) || !(error.isRetryable || error.code === "keys.refused")) {
        throw error;
      }
      const message = `${error.code}: keys could not do it now`;
      return refusal(503, "ServiceUnavailable", { message });
    }
  };
}

async function bodyOf<Body>(request: SmallRequest, schema: z.ZodType<Body>): Promise<Body> {
  const text = await request.text();
  const parsed = schema.safeParse(text.trim() === "" ? {} : jsonOf(text));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${path.map(String).join(".") || "body"}: ${message}`,
  );
  throw new Fault("input.invalid", `invalid request body: ${problems.join("; ")}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Fault("input.invalid", "invalid request body: it is no JSON", { cause });
  }
}

function shown(
  answer: RotationAnswer,
  toAnswer: (snapshot: RotationSnapshot) => SmallAnswer,
): SmallAnswer {
  if ("snapshot" in answer) return toAnswer(answer.snapshot);
  const { reason } = answer.refusal;
  return refusal(STATUS[reason], reason, answer.refusal);
}

function startedBody(snapshot: RotationSnapshot): SmallAnswer {
  return jsonAnswer(202, {
    rotation_id: snapshot.rotationId,
    phase: "draining",
    current_version: snapshot.currentVersion,
    target_version: snapshot.targetVersion,
    grace_deadline: snapshot.graceDeadline,
    provider: snapshot.provider,
  });
}

function snapshotBody(snapshot: RotationSnapshot): SmallAnswer {
  const { currentVersion, targetVersion, targetKeyId } = snapshot;
  const plan = {
    CurrentVersion: currentVersion,
    TargetVersion: targetVersion,
    ProviderData: { key_id: targetKeyId },
  };
  return jsonAnswer(200, {
    rotation_id: snapshot.rotationId,
    phase: snapshot.phase,
    current_version: currentVersion,
    target_version: targetVersion,
    in_flight_wraps: snapshot.inFlightWraps,
    started_at: snapshot.startedAt,
    completed_at: snapshot.completedAt,
    grace_deadline: snapshot.graceDeadline,
    error: snapshot.error,
    provider: snapshot.provider,
    plan: targetKeyId === undefined ? undefined : plan,
  });
}

function refusal(
  status: number,
  code: string,
  { message, rotationId = "" }: { message: string; rotationId?: string },
): SmallAnswer {
  const of = rotationId === "" ? {} : { rotation_id: rotationId };
  return jsonAnswer(status, { error: { code, message, ...of } });
}
