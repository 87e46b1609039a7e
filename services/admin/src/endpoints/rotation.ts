/** Rotation of the key that wraps new data keys, under the paths and in the words that operators' tools know: asked of keys, step by step. */
import {
  abortRotation,
  commitRotation,
  type RotationAnswer,
  type RotationRefusal,
  type RotationSnapshot,
  showRotation,
  startRotation,
} from "@s3eg/shared/contracts/key-rotation.ts";
import { z } from "zod";
import { type Asking, askService } from "./ask-service.ts";
import { duration } from "./duration.ts";
import { type Endpoint, type ErrorBody, endpoint, refused } from "./endpoint.ts";

const StartBody = z.object({
  target_version: z.int().nonnegative().optional(),
  grace_period: duration().optional(),
});
const CommitBody = z.object({ force: z.boolean().optional() });

const Version = z.int().nonnegative();

const StartedBody = z.object({
  rotation_id: z.string(),
  phase: z.literal("draining"),
  current_version: Version,
  target_version: Version,
  grace_deadline: z.string().optional(),
  provider: z.string(),
});

const SnapshotBody = z.object({
  rotation_id: z.string(),
  phase: z.string(),
  current_version: Version,
  target_version: Version,
  in_flight_wraps: Version,
  started_at: z.string().optional(),
  completed_at: z.string().optional(),
  grace_deadline: z.string().optional(),
  error: z.string().optional(),
  provider: z.string(),
  plan: z
    .object({
      CurrentVersion: Version,
      TargetVersion: Version,
      ProviderData: z.object({ key_id: z.string() }),
    })
    .optional(),
});

const STATUS = {
  BadRequest: 400,
  AmbiguousTarget: 400,
  KeyNotFound: 404,
  RotationConflict: 409,
  PromoteFailed: 500,
  NotImplemented: 501,
} as const satisfies Record<RotationRefusal["reason"], number>;

const REFUSALS = {
  400: refused("BadRequest, or AmbiguousTarget: there is more than one version to rotate to"),
  404: refused("KeyNotFound: there is no such version"),
  409: refused("RotationConflict: not at this point of a rotation"),
  500: refused("PromoteFailed: the key store did not do it"),
  501: refused("NotImplemented: keys of this provider are not rotated here"),
} as const;
const SHOWN = {
  ...REFUSALS,
  200: { description: "the rotation as it stands now", schema: SnapshotBody },
} as const;

/** `/admin/kms/rotate/…`. */
export function rotationEndpoints(asking: Asking): Endpoint[] {
  return [
    startEndpoint(asking),
    statusEndpoint(asking),
    commitEndpoint(asking),
    abortEndpoint(asking),
  ];
}

function startEndpoint(asking: Asking): Endpoint {
  return endpoint({
    method: "POST",
    path: "/admin/kms/rotate/start",
    summary: "Begin a rotation of the key that wraps new data keys",
    body: StartBody,
    answers: { ...REFUSALS, 202: { description: "it has begun", schema: StartedBody } },
    async handle({ body, request: { id: requestId } }) {
      const { target_version: targetVersion, grace_period: graceMs } = body;
      const input = {
        ...(targetVersion === undefined ? {} : { targetVersion }),
        ...(graceMs === undefined ? {} : { graceMs }),
      };
      const answer = await askService(asking, { question: startRotation, input, requestId });
      if ("refusal" in answer) return refusal(answer.refusal);
      return { status: 202, body: startedBody(answer.snapshot) };
    },
  });
}

function statusEndpoint(asking: Asking): Endpoint {
  return endpoint({
    method: "GET",
    path: "/admin/kms/rotate/status",
    summary: "How the last rotation stands",
    answers: SHOWN,
    handle: async ({ request: { id: requestId } }) =>
      shown(await askService(asking, { question: showRotation, input: {}, requestId })),
  });
}

function commitEndpoint(asking: Asking): Endpoint {
  return endpoint({
    method: "POST",
    path: "/admin/kms/rotate/commit",
    summary: "Let the target wrap new data keys from now on",
    body: CommitBody,
    answers: SHOWN,
    handle: async ({ body: { force = false }, request: { id: requestId } }) =>
      shown(await askService(asking, { question: commitRotation, input: { force }, requestId })),
  });
}

function abortEndpoint(asking: Asking): Endpoint {
  return endpoint({
    method: "POST",
    path: "/admin/kms/rotate/abort",
    summary: "Leave everything as it was before the start",
    answers: SHOWN,
    handle: async ({ request: { id: requestId } }) =>
      shown(await askService(asking, { question: abortRotation, input: {}, requestId })),
  });
}

function shown(answer: RotationAnswer) {
  return "refusal" in answer
    ? refusal(answer.refusal)
    : ({ status: 200, body: snapshotBody(answer.snapshot) } as const);
}

function startedBody(snapshot: RotationSnapshot): z.infer<typeof StartedBody> {
  return {
    rotation_id: snapshot.rotationId,
    phase: "draining",
    current_version: snapshot.currentVersion,
    target_version: snapshot.targetVersion,
    grace_deadline: snapshot.graceDeadline,
    provider: snapshot.provider,
  };
}

function snapshotBody(snapshot: RotationSnapshot): z.infer<typeof SnapshotBody> {
  const { currentVersion, targetVersion, targetKeyId } = snapshot;
  const plan =
    targetKeyId === undefined
      ? undefined
      : {
          CurrentVersion: currentVersion,
          TargetVersion: targetVersion,
          ProviderData: { key_id: targetKeyId },
        };
  return {
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
    plan,
  };
}

function refusal({ reason, message, rotationId }: RotationRefusal): {
  status: (typeof STATUS)[RotationRefusal["reason"]];
  body: ErrorBody;
} {
  const of = rotationId === "" ? {} : { rotation_id: rotationId };
  return { status: STATUS[reason], body: { error: { code: reason, message, ...of } } };
}
