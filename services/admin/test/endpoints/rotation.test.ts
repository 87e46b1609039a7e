import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import {
  abortRotation,
  commitRotation,
  type RotationAnswer,
  type RotationRefusal,
  type RotationSnapshot,
  showRotation,
  startRotation,
} from "@s3eg/shared/contracts/key-rotation.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { rotationEndpoints } from "../../src/endpoints/rotation.ts";
import { ask } from "./asked.ts";

const SNAPSHOT: RotationSnapshot = {
  rotationId: "rot-1-1-to-2",
  phase: "ready_for_cutover",
  provider: "aes",
  currentVersion: 1,
  targetVersion: 2,
  targetKeyId: "aes",
  inFlightWraps: 3,
  startedAt: "2026-01-02T03:04:05.000Z",
  graceDeadline: "2026-01-02T03:04:35.000Z",
};

/** The endpoints before a keys that answers this to everything. */
function before(answer: () => RotationAnswer) {
  const log = createLog({ service: "test", level: "error", destination: { write: () => {} } });
  const bus = new MemoryBus({ log });
  const asked: unknown[] = [];
  for (const question of [startRotation, showRotation, commitRotation, abortRotation]) {
    bus.serve<object, { plain: RotationAnswer }>(question as never, async (input) => {
      asked.push([question.subject, input]);
      return { plain: answer() };
    });
  }
  const endpoints = rotationEndpoints({ bus, session: undefined });
  const send = async (what: string, body = "") => {
    const given = await ask(endpoints, what, body);
    return { status: given.status, body: given.body };
  };
  return { send, asked };
}

const START = "POST /admin/kms/rotate/start";
const COMMIT = "POST /admin/kms/rotate/commit";

describe("rotation endpoints", () => {
  it("start a rotation with the target and the grace period that are asked for", async () => {
    const { send, asked } = before(() => ({ snapshot: SNAPSHOT }));
    const started = await send(START, '{"target_version":2,"grace_period":"1m30s"}');
    assert.equal(started.status, 202);
    assert.deepEqual(started.body, {
      rotation_id: "rot-1-1-to-2",
      phase: "draining",
      current_version: 1,
      target_version: 2,
      grace_deadline: "2026-01-02T03:04:35.000Z",
      provider: "aes",
    });
    await send(START);
    assert.deepEqual(asked, [
      ["keys.rotation.start", { targetVersion: 2, graceMs: 90_000 }],
      ["keys.rotation.start", {}],
    ]);
  });

  it("show, commit and abort it, and answer how it stands", async () => {
    const { send, asked } = before(() => ({ snapshot: SNAPSHOT }));
    const shown = {
      rotation_id: "rot-1-1-to-2",
      phase: "ready_for_cutover",
      current_version: 1,
      target_version: 2,
      in_flight_wraps: 3,
      started_at: "2026-01-02T03:04:05.000Z",
      grace_deadline: "2026-01-02T03:04:35.000Z",
      provider: "aes",
      plan: { CurrentVersion: 1, TargetVersion: 2, ProviderData: { key_id: "aes" } },
    };
    for (const [endpoint, body] of [
      ["GET /admin/kms/rotate/status", ""],
      [COMMIT, ""],
      [COMMIT, '{"force":true}'],
      ["POST /admin/kms/rotate/abort", ""],
    ] as const) {
      assert.deepEqual(await send(endpoint, body), { status: 200, body: shown });
    }
    assert.deepEqual(asked.slice(1, 3), [
      ["keys.rotation.commit", { force: false }],
      ["keys.rotation.commit", { force: true }],
    ]);
  });

  it("answer refusals of keys with the status that tools know", async () => {
    for (const [reason, status] of [
      ["BadRequest", 400],
      ["AmbiguousTarget", 400],
      ["KeyNotFound", 404],
      ["RotationConflict", 409],
      ["PromoteFailed", 500],
      ["NotImplemented", 501],
    ] as [RotationRefusal["reason"], number][]) {
      const refusal = { reason, message: "why", rotationId: "rot-9" };
      const { send } = before(() => ({ refusal }));
      const body = { error: { code: reason, message: "why", rotation_id: "rot-9" } };
      assert.deepEqual(await send(START), { status, body });
    }
    const refusal = { reason: "KeyNotFound", message: "why", rotationId: "" } as const;
    const { body } = await before(() => ({ refusal })).send(START);
    assert.deepEqual(body, { error: { code: "KeyNotFound", message: "why" } });
  });

  it("refuse a body that is none, and ask nobody", async () => {
    const { send, asked } = before(() => ({ snapshot: SNAPSHOT }));
    for (const body of ["{", "[]", '{"grace_period":"soon"}', '{"target_version":"2"}']) {
      const refused = await send(START, body);
      assert.equal(refused.status, 400, body);
      assert.match(JSON.stringify(refused.body), /"BadRequest".*invalid request body/);
    }
    assert.equal((await send(COMMIT, '{"force":1}')).status, 400);
    assert.deepEqual(asked, []);
  });

  it("say 503 where keys or its broker is away", async () => {
    const { send } = before(() => {
      throw new Fault("bus.unavailable", "JetStream is away");
    });
    const { status, body } = await send(START);
    assert.equal(status, 503);
    assert.match(JSON.stringify(body), /ServiceUnavailable.*bus\.unavailable/);
  });
});
