import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import { ProcessTable } from "../../src/watch/process-table.ts";
import { announced } from "./announced.ts";

function table() {
  const clock = { nowMs: 1_000_000 };
  return { clock, processes: new ProcessTable(() => clock.nowMs) };
}

describe("ProcessTable", () => {
  it("calls a process ready where every check passes", () => {
    const { processes } = table();
    const conditions = [
      announced({ checks: { kms: "ok" } }),
      announced({ checks: { kms: "ok", nats: "unavailable" } }),
      announced({ phase: "starting" }),
      announced({ phase: "draining", checks: { kms: "unavailable" } }),
      announced({ phase: "stopped" }),
    ].map((state) => {
      processes.heard(state);
      return processes.list()[0]?.condition;
    });
    assert.deepEqual(conditions, ["ready", "not_ready", "starting", "draining", "stopped"]);
    assert.equal(processes.list().length, 1);
  });

  it("calls one silent that is not heard of, and forgets it in the end", () => {
    const { clock, processes } = table();
    processes.heard(announced());
    clock.nowMs += 8000;
    assert.equal(processes.list()[0]?.condition, "ready");
    clock.nowMs += 1;
    assert.equal(processes.list()[0]?.condition, "silent");
    assert.equal(processes.list()[0]?.lastSeenMs, 1_000_000);
    clock.nowMs += 15 * 60_000;
    assert.deepEqual(processes.list(), []);
  });

  it("forgets one soon that said it stops", () => {
    const { clock, processes } = table();
    processes.heard(announced({ phase: "stopped" }));
    clock.nowMs += 60_001;
    assert.deepEqual(processes.list(), []);
  });

  it("is bounded, and hears of those it knows when it is full", () => {
    const { processes } = table();
    for (let n = 0; n < 600; n += 1) processes.heard(announced({ id: randomUUID() }));
    const [first] = processes.list();
    assert.equal(processes.list().length, 512);
    processes.heard(announced({ id: first?.state.id ?? "", phase: "draining" }));
    assert.equal(processes.list().filter(({ condition }) => condition === "draining").length, 1);
  });
});
