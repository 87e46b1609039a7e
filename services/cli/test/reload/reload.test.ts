import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { readGatewayConfig } from "../../src/gateway-config.ts";
import { startReloading } from "../../src/reload/reload.ts";
import { RulesInForce } from "../../src/reload/rules-in-force.ts";
import { readRules } from "../../src/rules.ts";
import { COMPLETE, KeptLog, scratchFolder } from "../environment.ts";

/** A process of which nothing runs but its reloads, with the configuration file `write` writes. */
function reloading(folder: string, writtenMeanwhile?: string) {
  const path = join(folder, "config.yaml");
  const env = { ...COMPLETE, CONFIG_PATH: path };
  const write = (text: string) => writeFileSync(path, text);
  write("log_level: info\n");
  const { config, roles } = readGatewayConfig([], env);
  const rules = new RulesInForce(readRules(config, { roles, env }));
  const log = new KeptLog();
  const rooms = { log, metrics: createMetrics(), bus: new MemoryBus({ log }), roles: [...roles] };
  const readConfig = () => readGatewayConfig([], env).config;
  const watch = { quietMs: 5, pollMs: 600_000 };
  if (writtenMeanwhile !== undefined) write(writtenMeanwhile);
  const reloader = startReloading({ readConfig, rules, roles, env, rooms, watch });
  return { write, rules, log, ...reloader };
}

describe("startReloading", () => {
  it("reloads when it is told to, and nothing where anything is wrong", async () => {
    await using scratch = await scratchFolder();
    using process = reloading(scratch.folder);
    process.write("log_level: debug\n");
    await process.reload();
    assert.equal(process.rules.current.config.log_level, "debug");
    process.write("log_level: warn\nno_such_setting: 1\n");
    await process.reload();
    assert.equal(process.rules.current.config.log_level, "debug");
    assert.ok(process.log.lines.some((line) => line.includes("not reloaded")));
  });

  it("reloads when the file has changed, one reload after the other", async () => {
    await using scratch = await scratchFolder();
    using process = reloading(scratch.folder);
    process.write("log_level: debug\n");
    for (let tries = 0; process.rules.current.config.log_level !== "debug"; tries++) {
      assert.ok(tries < 500, "it is reloaded");
      await sleep(10);
    }
    await Promise.all([process.reload(), process.reload()]);
    assert.equal(process.log.lines.filter((line) => line.includes("reloaded")).length, 3);
  });

  it("sees what was written while the process started, and is silent where nothing was", async () => {
    await using scratch = await scratchFolder();
    using quiet = reloading(scratch.folder);
    await quiet.reload();
    const nothing = "configuration reloaded: nothing has changed that can be exchanged";
    assert.deepEqual(quiet.log.lines, [nothing], "of the signal alone");
    using late = reloading(scratch.folder, "log_level: debug\n");
    await late.reload();
    assert.equal(late.rules.current.config.log_level, "debug");
    assert.deepEqual(late.log.lines, ["configuration reloaded", nothing]);
  });

  it("keeps what is in force where somebody who must be asked does not answer", async () => {
    await using scratch = await scratchFolder();
    using process = reloading(scratch.folder);
    process.rules.checkedBy(async () => {
      throw new Fault("keys.unavailable", "keys is away");
    });
    process.write("log_level: debug\n");
    await process.reload();
    assert.equal(process.rules.current.config.log_level, "info");
  });
});
