import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import {
  abortRotation,
  commitRotation,
  listVersions,
  showRotation,
  startRotation,
} from "@s3eg/shared/contracts/key-rotation.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { askGuarded } from "@s3eg/shared/trust/ask.ts";
import { openRotationDesk } from "../../src/rotation/configured-desk.ts";
import { openRotation } from "../../src/rotation/configured-rotation.ts";
import { CountingCustodian } from "../counting-custodian.ts";
import { silentLog } from "../silent-log.ts";

function desk(policy: { enabled: boolean; grace_window: number }) {
  const folder = mkdtempSync(join(tmpdir(), "s3eg-desk-"));
  const bus = new MemoryBus({ log: silentLog });
  const metrics = createMetrics();
  const rotation = openRotation(new CountingCustodian([1, 2], 1), folder);
  const opened = openRotationDesk({
    ...{ rotation, policy, folder, bus, metrics, log: silentLog },
    guard: undefined,
  });
  return {
    bus,
    metrics,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

const requestId = "test";

describe("the desk of rotations", () => {
  it("answers steps, counts them and shows the version that writes", async () => {
    await using at = desk({ enabled: false, grace_window: 5000 });
    const { bus } = at;
    const input = {};
    const ask = { requestId, input };
    await askGuarded(bus, undefined, { ...ask, question: abortRotation });
    const started = await askGuarded(bus, undefined, { ...ask, question: startRotation });
    assert.ok("snapshot" in started);
    const { startedAt = "", graceDeadline = "" } = started.snapshot;
    assert.equal(Date.parse(graceDeadline) - Date.parse(startedAt), 30_000);
    const committed = { requestId, question: commitRotation, input: { force: false } };
    await askGuarded(bus, undefined, committed);
    const shown = await askGuarded(bus, undefined, { ...ask, question: showRotation });
    assert.ok("snapshot" in shown && shown.snapshot.phase === "committed");
    const text = await at.metrics.text();
    for (const line of [
      'kms_rotation_operations_total{step="abort",result="conflict"} 1',
      'kms_rotation_operations_total{step="start",result="ok"} 1',
      'kms_rotation_operations_total{step="commit",result="ok"} 1',
      'kms_rotation_duration_seconds_count{step="commit"} 1',
      "kms_rotation_in_flight_wraps 0",
      'kms_active_key_version{provider="aes"}',
    ]) {
      assert.ok(text.includes(line), line);
    }
  });

  it("lists every version with what it may do, and nothing of the key", async () => {
    await using at = desk({ enabled: false, grace_window: 5000 });
    const asking = { requestId, question: listVersions, input: {} };
    const { versions } = await askGuarded(at.bus, undefined, asking);
    assert.deepEqual(
      versions.map(({ keyVersion, state }) => [keyVersion, state]),
      [
        [1, "active"],
        [2, "readable"],
      ],
    );
    const known = ["checkValue", "keyId", "keyVersion", "provider", "state"];
    for (const name of versions.flatMap((version) => Object.keys(version))) {
      assert.ok(known.includes(name), name);
    }
  });

  it("waits as the rotation policy says, where that is enabled", async () => {
    await using at = desk({ enabled: true, grace_window: 5000 });
    const asked = { requestId, question: startRotation, input: {} };
    const started = await askGuarded(at.bus, undefined, asked);
    assert.ok("snapshot" in started);
    const { startedAt = "", graceDeadline = "" } = started.snapshot;
    assert.equal(Date.parse(graceDeadline) - Date.parse(startedAt), 5000);
  });
});
