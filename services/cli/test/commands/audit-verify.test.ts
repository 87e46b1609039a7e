import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { recordOperation } from "@s3eg/shared/contracts/audit.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { startAudit } from "../../../audit/src/main.ts";
import { auditVerify } from "../../src/commands/audit-verify.ts";
import { readGatewayConfig } from "../../src/gateway-config.ts";
import { COMPLETE, KeptLog, scratchFolder } from "../environment.ts";

/** A trail of `count` events, written as a gateway with these settings would. */
async function writeTrail(folder: string, count: number) {
  const path = join(folder, "events");
  // What audit alone is given: no KEK.
  const env = {
    NATS_URL: "nats://127.0.0.1:4222",
    AUDIT_ENABLED: "true",
    AUDIT_SINK_TYPE: "file",
    AUDIT_SINK_FILE_PATH: path,
    DATA_DIR: folder,
  };
  const { config } = readGatewayConfig(["audit"], env);
  const log = new KeptLog();
  const bus = new MemoryBus({ log });
  const state = join(folder, "audit");
  const parts = { config: config.audit, folder: state, bus, log, metrics: createMetrics() };
  await using _audit = await startAudit(parts);
  for (let n = 0; n < count; n++) {
    const numbers = { status: 200, bytesIn: 0, bytesOut: 0, durationMs: 1 };
    const names = { operation: "PutObject", clientIp: "::1", requestId: `r${n}` };
    const fact = { ...numbers, ...names, timestamp: new Date().toISOString(), success: true };
    await bus.request(recordOperation, fact, { requestId: `r${n}` });
  }
  await bus.drain();
  return { env, path };
}

describe("s3eg audit verify", () => {
  it("says how far a whole trail goes, in a form that can be noted down and expected later", async () => {
    await using scratch = await scratchFolder();
    const { env, path } = await writeTrail(scratch.folder, 3);
    const text = await auditVerify(["verify"], env);
    const [, noted = ""] =
      /^the trail verifies: 3 lines in 1 files, last (3:[0-9a-f]{64})\n$/.exec(text) ?? [];
    assert.equal(await auditVerify(["verify", "--expect", noted, path], env), text);
    const json = JSON.parse(await auditVerify(["verify", "--output", "json"], env)) as object;
    assert.deepEqual(Object.keys(json).sort(), ["files", "findings", "last", "lines"]);
    const other = `2:${noted.slice(2)}`;
    await assert.rejects(auditVerify(["verify", "--expect", other], env), { exitCode: 1 });
  });

  it("fails with exit code 1 and names what is gone or changed", async () => {
    await using scratch = await scratchFolder();
    const { env, path } = await writeTrail(scratch.folder, 3);
    const [first = "", second = "", third = ""] = (await readFile(path, "utf8")).split("\n");
    for (const [lines, says] of [
      [[first, third], /missing +\S+:2: 1 lines before it are missing\n/],
      [[first, second.replace("r1", "r9"), third], /altered +\S+:2: is not as it was written\n/],
      [[first], /cut +the last 2 lines are missing/],
      [[], /cut +the last 3 lines are missing/],
    ] as const) {
      await writeFile(path, lines.map((line) => `${line}\n`).join(""));
      await assert.rejects(auditVerify(["verify"], env), { exitCode: 1, message: says });
    }
  });

  it("refuses a wrong command line, and a place where no trail was ever written", async () => {
    await using scratch = await scratchFolder();
    const { env } = await writeTrail(scratch.folder, 1);
    for (const args of [[], ["check"], ["verify", "--expect", "7"], ["verify", "--from", "0"]]) {
      await assert.rejects(auditVerify(args, env), { exitCode: 2 });
    }
    const empty = join(scratch.folder, "empty");
    for (const bare of [{ NATS_URL: "nats://127.0.0.1:4222" }, COMPLETE]) {
      await assert.rejects(auditVerify(["verify"], { ...bare, DATA_DIR: empty }), {
        code: "config.invalid",
        message: /there is no key of the chain/,
      });
    }
  });
});
