import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { type WorkerAlive, workerAlive } from "@s3eg/shared/contracts/crypto.ts";
import { startHeartbeat } from "../src/heartbeat.ts";
import { KeptLog } from "./stand-in-keys.ts";

const STATE: WorkerAlive = {
  id: "w",
  url: "http://w:1",
  zone: "",
  inflight: 0,
  capacity: 8,
  isDraining: false,
  announcedAtMs: 1,
  mac: "",
};

describe("heartbeat", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setInterval"] }));
  afterEach(() => mock.timers.reset());

  function heard(bus: MemoryBus): WorkerAlive[] {
    const facts: WorkerAlive[] = [];
    bus.subscribe(workerAlive, (fact) => facts.push(fact));
    return facts;
  }

  it("announces at once, every second, and a last time when it stops", async () => {
    const bus = new MemoryBus({ log: new KeptLog() });
    const facts = heard(bus);
    let inflight = 0;
    const heartbeat = startHeartbeat(
      bus,
      () => ({ ...STATE, inflight: inflight++ }),
      new KeptLog(),
    );
    for (let second = 0; second < 3; second += 1) {
      await new Promise(setImmediate);
      mock.timers.tick(1000);
    }
    await new Promise(setImmediate);
    assert.deepEqual(
      facts.map((fact) => fact.inflight),
      [0, 1, 2, 3],
    );
    await heartbeat[Symbol.asyncDispose]();
    mock.timers.tick(5000);
    await new Promise(setImmediate);
    assert.equal(facts.length, 5);
  });

  it("announces a change when it is told to", async () => {
    const bus = new MemoryBus({ log: new KeptLog() });
    const facts = heard(bus);
    let isDraining = false;
    await using heartbeat = startHeartbeat(bus, () => ({ ...STATE, isDraining }), new KeptLog());
    isDraining = true;
    await heartbeat.beat();
    assert.equal(facts.at(-1)?.isDraining, true);
  });

  it("goes on while the bus is closed, and says so once", async () => {
    const bus = new MemoryBus({ log: new KeptLog() });
    const log = new KeptLog();
    await using _ = startHeartbeat(bus, () => STATE, log);
    await bus.drain();
    for (let second = 0; second < 3; second += 1) {
      mock.timers.tick(1000);
      await new Promise(setImmediate);
    }
    assert.deepEqual(log.lines, ["heartbeat was not announced"]);
  });
});
