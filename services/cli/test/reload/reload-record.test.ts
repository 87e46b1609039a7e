import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { configurationReloaded } from "@s3eg/shared/contracts/audit.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { reloadRecord } from "../../src/reload/reload-record.ts";
import { KeptLog } from "../environment.ts";

describe("reloadRecord", () => {
  it("counts reloads, tells the log what happened and the audit trail what it must know", async () => {
    const log = new KeptLog();
    const bus = new MemoryBus({ log });
    const metrics = createMetrics();
    const facts: unknown[] = [];
    bus.subscribe(configurationReloaded, (fact) => facts.push(fact));
    const record = reloadRecord({ log, metrics, bus, roles: ["edge"] });
    const text = async () => await metrics.text();
    assert.match(await text(), /config_reload_total\{result="refused"\} 0\n/);
    record({ kind: "refused", error: new Error("x"), problems: ["a is wrong", "b"] }, "files");
    assert.match(await text(), /config_reload_refused 1\n/);
    record({ kind: "applied", changed: ["policies"], waiting: ["data_dir"] }, "files");
    record({ kind: "unchanged", waiting: [] }, "files");
    record({ kind: "unchanged", waiting: [] }, "signal");
    await bus.drain();
    assert.match(await text(), /config_reload_refused 0\n/);
    assert.match(await text(), /config_reload_total\{result="unchanged"\} 2\n/);
    assert.deepEqual(log.lines, [
      "configuration not reloaded: the one of before stays in force",
      "configuration reloaded",
      "settings have changed that need a restart",
      "configuration reloaded: nothing has changed that can be exchanged",
      "configuration reloaded: nothing has changed that can be exchanged",
    ]);
    const told = facts.map((fact) => configurationReloaded.fact.parse(fact));
    assert.deepEqual(
      told.map(({ cause, success, changed, error }) => [cause, success, changed, error]),
      [
        ["files", false, [], "a is wrong\nb"],
        ["files", true, ["policies"], undefined],
        ["signal", true, [], undefined],
      ],
    );
  });
});
