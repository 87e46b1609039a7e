import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { WorkerAlive } from "../../src/contracts/crypto.ts";
import { WorkerTable } from "../../src/http/worker-table.ts";
import { faultOf } from "../bus/bus-contract.ts";

/** A table with a clock, a bus and a chance that the test moves. */
function open() {
  const world = { nowMs: 1000, isConnected: true, random: 0 };
  const table = new WorkerTable({
    zone: "a",
    isBusConnected: () => world.isConnected,
    now: () => world.nowMs,
    random: () => world.random,
  });
  const hear = (id: string, more: Partial<WorkerAlive> = {}) =>
    table.heard({
      id,
      url: `http://${id}`,
      zone: "a",
      inflight: 0,
      capacity: 10,
      isDraining: false,
      ...more,
    });
  return { world, table, hear };
}

describe("WorkerTable", () => {
  it("says crypto.unavailable while it knows nobody", () => {
    assert.throws(() => open().table.pick(), faultOf("crypto.unavailable"));
  });

  it("gives id and URL of the one it knows", () => {
    const { table, hear } = open();
    hear("w1");
    assert.deepEqual(table.pick(), { id: "w1", url: "http://w1" });
  });

  it("takes the less loaded of two, by share of capacity", () => {
    const { table, hear } = open();
    hear("large", { inflight: 20, capacity: 100 });
    hear("small", { inflight: 5, capacity: 10 });
    assert.equal(table.pick().id, "large");
  });

  it("counts what it gave since the last report, and forgets it with the next", () => {
    const { table, hear } = open();
    hear("w1");
    hear("w2");
    const picked = Array.from({ length: 6 }, () => table.pick().id);
    assert.deepEqual(picked.filter((id) => id === "w1").length, 3);
    hear("w1", { inflight: 9 });
    assert.deepEqual([table.pick().id, table.pick().id], ["w2", "w2"]);
    hear("w1");
    assert.equal(table.pick().id, "w1");
  });

  it("never compares a worker with itself", () => {
    for (const random of [0, 0.34, 0.5, 0.67, 0.999]) {
      const { world, table, hear } = open();
      world.random = random;
      hear("busy", { inflight: 9 });
      hear("idle");
      assert.equal(table.pick().id, "idle");
    }
  });

  it("takes its own zone while somebody there takes transfers", () => {
    const { table, hear } = open();
    hear("far", { zone: "b" });
    hear("near", { inflight: 9 });
    assert.equal(table.pick().id, "near");
    hear("near", { isDraining: true });
    assert.equal(table.pick().id, "far");
  });

  it("leaves out who is draining, and who it failed on", () => {
    const { table, hear } = open();
    hear("w1");
    hear("w2", { isDraining: true });
    assert.equal(table.size, 1);
    assert.throws(() => table.pick(new Set(["w1"])), faultOf("crypto.unavailable"));
  });

  it("leaves out who fell silent for more than 3 seconds while others speak", () => {
    const { world, table, hear } = open();
    hear("silent");
    world.nowMs += 3000;
    hear("speaking", { inflight: 9 });
    assert.equal(table.pick().id, "silent");
    world.nowMs += 1;
    assert.equal(table.pick().id, "speaking");
  });

  it("keeps the last table while the bus is cut off, and when all fell silent at once", () => {
    const { world, table, hear } = open();
    hear("w1");
    hear("w2");
    world.nowMs += 60_000;
    assert.equal(table.size, 2);
    hear("w1", { inflight: 9 });
    assert.equal(table.size, 1);
    world.isConnected = false;
    assert.equal(table.pick().id, "w2");
  });

  it("forgets the long silent, so that it does not grow", () => {
    const { world, table, hear } = open();
    world.isConnected = false;
    for (let i = 0; i < 100; i++) hear(`w${i}`);
    world.nowMs += 60_001;
    hear("new");
    assert.equal(table.size, 1);
  });
});
