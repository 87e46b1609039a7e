import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { MemoryBus } from "../../src/bus/memory-bus.ts";
import { type ProcessAlive, processAlive } from "../../src/contracts/status.ts";
import { Health } from "../../src/runtime/health.ts";
import { createMetrics } from "../../src/runtime/metrics.ts";
import { Secret } from "../../src/runtime/secret.ts";
import { startStatusBeat } from "../../src/runtime/status-beat.ts";
import { AnnouncementProof } from "../../src/trust/announcement-proof.ts";
import { KeptLog } from "./kept-log.ts";

function site() {
  const log = new KeptLog();
  const bus = new MemoryBus({ log });
  const health = new Health({ version: "1.2.3", log });
  const facts: ProcessAlive[] = [];
  bus.subscribe(processAlive, (fact) => facts.push(fact));
  const proof = new AnnouncementProof(new Secret<Uint8Array>(Buffer.alloc(32, 1)), "process");
  const common = { bus, health, metrics: createMetrics(), log, zone: "a", version: "1.2.3" };
  const logLevel = { state: { level: "debug", configured: "info" } } as const;
  return { ...common, logLevel, facts, proof, roles: ["edge", "keys"] };
}

describe("status beat", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setInterval"] }));
  afterEach(() => mock.timers.reset());

  it("tells what the process is, at once and every two seconds, proven", async () => {
    const parts = site();
    parts.health.add("kms", async () => await Promise.reject(new Error("secret reason")));
    await using beat = startStatusBeat(parts);
    await beat.beat();
    const { facts, proof } = parts;
    const { length } = facts;
    assert.ok(length >= 1);
    mock.timers.tick(2000);
    await beat.beat();
    assert.ok(facts.length > length);
    const [first] = facts;
    assert.ok(first && proof.isGenuine(first));
    assert.deepEqual([first.roles, first.zone, first.version], [["edge", "keys"], "a", "1.2.3"]);
    assert.deepEqual(first.checks, { kms: "unavailable" });
    assert.equal(first.pid, process.pid);
    assert.equal(first.logLevel, "debug");
    assert.equal(new Set(facts.map(({ id }) => id)).size, 1);
    assert.doesNotMatch(JSON.stringify(facts), /secret reason/);
  });

  it("goes through the phases of a life, the end included", async () => {
    const parts = site();
    const beat = startStatusBeat(parts);
    await beat.beat();
    parts.health.markReady();
    await beat.beat();
    parts.health.markDraining();
    await beat.beat();
    await beat[Symbol.asyncDispose]();
    const phases = new Set(parts.facts.map(({ phase }) => phase));
    assert.deepEqual([...phases], ["starting", "running", "draining", "stopped"]);
  });

  it("goes on where it can't be heard, and says so once", async () => {
    const parts = site();
    const beat = startStatusBeat(parts);
    await beat.beat();
    await parts.bus.drain();
    for (let n = 0; n < 3; n += 1) await beat.beat();
    await beat[Symbol.asyncDispose]();
    assert.deepEqual(parts.log.lines, ["status was not announced"]);
  });
});
