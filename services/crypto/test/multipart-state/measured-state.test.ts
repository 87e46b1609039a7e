import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "@s3eg/shared/faults.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { MeasuredState } from "../../src/multipart-state/measured-state.ts";
import type { StateHealth } from "../../src/multipart-state/multipart-state.ts";
import { SealedState } from "../../src/multipart-state/sealed-state.ts";
import { SqliteStore } from "../../src/multipart-state/sqlite-store.ts";
import { anAttempt, anUpload, faultOf, GENEROUS, listed, testSeal } from "./state-contract.ts";

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** A store whose checks fail while it is told so. */
class MoodyStore extends SqliteStore {
  isBroken = false;

  override async check(): Promise<StateHealth> {
    if (this.isBroken) throw new Fault("state.unavailable", "told to be");
    return await super.check();
  }
}

function measured({ checkEveryMs = 60_000 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "s3eg-measured-"));
  folders.push(folder);
  const store = new MoodyStore({ folder, limits: GENEROUS, now: Date.now });
  const metrics = createMetrics();
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  const log = createLog({ service: "crypto", level: "info", destination });
  const state = new MeasuredState(new SealedState(store, testSeal), {
    metrics,
    log,
    checkEveryMs,
    isEncrypted: true,
    valkey: { isInsecure: true },
  });
  const value = async (sample: string) => {
    const line = (await metrics.text()).split("\n").find((text) => text.startsWith(`${sample} `));
    return line === undefined ? undefined : Number(line.slice(sample.length + 1));
  };
  return { state, store, value, lines };
}

describe("MeasuredState", () => {
  it("counts and times every operation, writes that were sealed apart", async () => {
    const { state, value } = measured();
    const upload = anUpload();
    await state.create(upload);
    await state.find(upload);
    await state.addAttempt(upload, anAttempt(1));
    await state.addAttempt(upload, anAttempt(2), Buffer.from("parked"));
    const attempt = (await state.attempts(upload))[1];
    assert.ok(attempt);
    assert.equal(String(await state.parked(upload, attempt)), "parked");
    await state.unpark(upload, attempt, '"e"');
    assert.deepEqual(await listed(state), [upload]);
    await state.complete(upload, "done");
    assert.equal(await state.completedResult(upload), "done");
    await state.remove(upload);
    const ops =
      "Create Get AppendPart ParkPart GetParts GetParked UnparkPart Complete GetResult Delete";
    for (const op of ops.split(" ")) {
      const total = `gateway_mpu_state_store_ops_total{op="${op}",result="success"}`;
      assert.equal(await value(total), 1, op);
      assert.equal(await value(`gateway_mpu_state_store_latency_seconds_count{op="${op}"}`), 1, op);
      const isWrite = /Create|AppendPart|ParkPart|UnparkPart|Complete/.test(op);
      const sealed = await value(`gateway_mpu_state_encrypted_writes_total{op="${op}"}`);
      assert.equal(sealed, isWrite ? 1 : undefined, op);
    }
    await state[Symbol.asyncDispose]();
  });

  it("tells failures from uploads that are not there, and whether Valkey is up", async () => {
    const { state, store, value } = measured();
    await assert.rejects(state.attempts(anUpload()), faultOf("state.unknown-upload"));
    assert.equal(
      await value('gateway_mpu_state_store_ops_total{op="GetParts",result="not_found"}'),
      1,
    );
    await state.create(anUpload());
    await state.check();
    assert.equal(await value("gateway_mpu_active_uploads"), 1);
    assert.equal(await value("gateway_mpu_valkey_up"), 1);
    assert.equal(await value("gateway_mpu_valkey_insecure"), 1);
    store.isBroken = true;
    await assert.rejects(state.check(), faultOf("state.unavailable"));
    assert.equal(await value("gateway_mpu_valkey_up"), 0);
    assert.equal(
      await value('gateway_mpu_state_store_ops_total{op="HealthCheck",result="failed"}'),
      1,
    );
    await state.find(anUpload());
    assert.equal(await value("gateway_mpu_valkey_up"), 1);
    await state[Symbol.asyncDispose]();
  });

  it("checks the store by itself, and logs when it fails and when it works again", async () => {
    const { state, store, lines } = measured({ checkEveryMs: 2 });
    store.isBroken = true;
    while (lines.length < 1) await sleep(1);
    store.isBroken = false;
    while (lines.length < 2) await sleep(1);
    await state[Symbol.asyncDispose]();
    const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    assert.deepEqual(messages, [
      "the store of multipart uploads does not work",
      "the store of multipart uploads works again",
    ]);
  });
});
