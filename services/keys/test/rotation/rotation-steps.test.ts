import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { RotationAnswer } from "@s3eg/shared/contracts/key-rotation.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { changeVersion, openRotation } from "../../src/rotation/configured-rotation.ts";
import { rotationSteps } from "../../src/rotation/rotation-steps.ts";
import { CountingCustodian } from "../counting-custodian.ts";

const binding = Buffer.alloc(32, 7);
const payload = Buffer.alloc(65, 1);

function scratch(versions = [1, 2, 3], active = 1, graceMs = 30_000) {
  const folder = mkdtempSync(join(tmpdir(), "s3eg-steps-"));
  const inner = new CountingCustodian(versions, active);
  const rotation = openRotation(inner, folder);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const steps = rotationSteps(rotation, graceMs);
  return { folder, inner, rotation, steps, [Symbol.dispose]: remove };
}

function snapshotOf(answer: RotationAnswer) {
  assert.ok("snapshot" in answer, JSON.stringify(answer));
  return answer.snapshot;
}

function reasonOf(answer: RotationAnswer): string {
  assert.ok("refusal" in answer, JSON.stringify(answer));
  return answer.refusal.reason;
}

describe("rotation by steps", () => {
  it("changes the version that writes with the commit, and not before", async () => {
    using at = scratch();
    const { steps, rotation } = at;
    const { phase, currentVersion } = snapshotOf(await steps.show());
    assert.deepEqual([phase, currentVersion], ["idle", 1]);
    const started = snapshotOf(await steps.start({ targetVersion: 2 }));
    assert.match(started.rotationId, /^rot-\d+-1-to-2$/);
    assert.equal(started.phase, "ready_for_cutover");
    assert.equal(rotation.custodian.activeKey.keyVersion, 1);
    const committed = snapshotOf(await steps.commit({ force: false }));
    assert.equal(committed.phase, "committed");
    assert.ok(committed.completedAt);
    assert.equal(rotation.custodian.activeKey.keyVersion, 2);
    assert.equal(snapshotOf(await steps.show()).rotationId, started.rotationId);
  });

  it("begins again after an end, is known to another replica and outlives a restart", async () => {
    using at = scratch();
    await at.steps.start({ targetVersion: 2 });
    const other = rotationSteps(openRotation(new CountingCustodian([1, 2, 3], 1), at.folder), 1);
    assert.equal(reasonOf(await other.start({ targetVersion: 3 })), "RotationConflict");
    assert.equal(snapshotOf(await other.abort()).phase, "aborted");
    assert.equal(reasonOf(await at.steps.commit({ force: true })), "RotationConflict");
    assert.equal(reasonOf(await at.steps.abort()), "RotationConflict");
    await other.start({ targetVersion: 3 });
    assert.equal(snapshotOf(await at.steps.commit({ force: false })).targetVersion, 3);
    await at.steps.start({ targetVersion: 1 });
    assert.equal(snapshotOf(await at.steps.commit({ force: false })).phase, "committed");
  });

  it("waits for what was being wrapped before the start, for as long as it may", async (context) => {
    using at = scratch();
    const gate = Promise.withResolvers<void>();
    context.mock.method(at.inner, "wrap", async () => {
      await gate.promise;
      return Buffer.alloc(1);
    });
    const { custodian } = at.rotation;
    const slow = custodian.wrap(payload, { key: custodian.activeKey, binding });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const started = snapshotOf(await at.steps.start({ targetVersion: 2, graceMs: 0 }));
    assert.deepEqual([started.phase, started.inFlightWraps], ["draining", 1]);
    assert.equal(started.graceDeadline, undefined);
    assert.equal(reasonOf(await at.steps.commit({ force: false })), "RotationConflict");
    // A wrap that begins later is not waited for.
    const later = custodian.wrap(payload, { key: custodian.activeKey, binding });
    gate.resolve();
    await slow;
    assert.equal(snapshotOf(await at.steps.show()).phase, "ready_for_cutover");
    await later;
    await at.steps.abort();
  });

  it("is ready when the grace period is over", async (context) => {
    using at = scratch([1, 2], 1, 20);
    const gate = Promise.withResolvers<Buffer>();
    context.mock.method(at.inner, "wrap", () => gate.promise);
    const { custodian } = at.rotation;
    const slow = custodian.wrap(payload, { key: custodian.activeKey, binding });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await at.steps.start({});
    await new Promise((resolve) => setTimeout(resolve, 40));
    const { phase, inFlightWraps } = snapshotOf(await at.steps.show());
    assert.deepEqual([phase, inFlightWraps], ["ready_for_cutover", 1]);
    gate.resolve(Buffer.alloc(1));
    await slow;
  });

  it("aborts a commit whose target does not wrap, and says why", async () => {
    using at = scratch();
    await at.steps.start({ targetVersion: 2 });
    at.inner.failure = new Fault("keys.denied", "disabled");
    const refused = await at.steps.commit({ force: false });
    assert.equal(reasonOf(refused), "PromoteFailed");
    const { phase, error } = snapshotOf(await at.steps.show());
    assert.deepEqual([phase, error], ["aborted", "disabled"]);
    assert.equal(at.rotation.custodian.activeKey.keyVersion, 1);
    at.inner.failure = undefined;
    await at.steps.start({ targetVersion: 2 });
    assert.equal(snapshotOf(await at.steps.commit({ force: false })).error, undefined);
  });

  it("does not commit what was aborted while the target was tried", async (context) => {
    using at = scratch();
    await at.steps.start({ targetVersion: 2 });
    const wrap = at.inner.wrap.bind(at.inner);
    context.mock.method(at.inner, "wrap", async (...given: Parameters<typeof wrap>) => {
      assert.equal(snapshotOf(await at.steps.abort()).phase, "aborted");
      return await wrap(...given);
    });
    assert.equal(reasonOf(await at.steps.commit({ force: false })), "RotationConflict");
    assert.equal(snapshotOf(await at.steps.show()).phase, "aborted");
    assert.equal(at.rotation.custodian.activeKey.keyVersion, 1);
  });

  it("begins one of two rotations that are started in the same moment", async () => {
    using at = scratch();
    const [first, second] = await Promise.all([
      at.steps.start({ targetVersion: 2 }),
      at.steps.start({ targetVersion: 3 }),
    ]);
    assert.equal(snapshotOf(first).targetVersion, 2);
    assert.equal(reasonOf(second), "RotationConflict");
    assert.equal(snapshotOf(await at.steps.show()).targetVersion, 2);
  });

  it("refuses a start without a way to go", async () => {
    using at = scratch();
    await changeVersion(at.rotation, "retired", 3);
    for (const [targetVersion, reason] of [
      [9, "KeyNotFound"],
      [1, "BadRequest"],
      [3, "BadRequest"],
    ] as const) {
      assert.equal(reasonOf(await at.steps.start({ targetVersion })), reason);
    }
    assert.equal(at.rotation.states.current()?.rotation, undefined);
  });

  it("takes a decision of somebody else in the same moment for a conflict", async () => {
    using at = scratch();
    const crossed = {
      ...at.rotation,
      decide: () => Promise.reject(new Fault("backend.changed", "meanwhile")),
    };
    const steps = rotationSteps(crossed, 1);
    assert.equal(reasonOf(await steps.start({ targetVersion: 2 })), "RotationConflict");
    const away = {
      ...at.rotation,
      refresh: () => Promise.reject(new Fault("bus.unavailable", "")),
    };
    await assert.rejects(rotationSteps(away, 1).start({}), { code: "bus.unavailable" });
  });
});
