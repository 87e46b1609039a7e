import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { operationDone, recordAdminAction, recordOperation } from "@s3eg/shared/contracts/audit.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { AuditSection } from "../src/config.ts";
import { startAudit } from "../src/main.ts";

const log = createLog({ service: "test", level: "info", destination: { write: () => {} } });
const done = (requestId: string) => ({
  timestamp: "2025-01-02T03:04:05.678Z",
  requestId,
  operation: "HeadObject",
  clientIp: "::1",
  status: 200,
  success: true,
  bytesIn: 0,
  bytesOut: 0,
  durationMs: 1,
});

describe("startAudit", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "audit-"));
  });
  after(() => rm(folder, { recursive: true }));

  it("writes every announced operation in order, all of them before it has closed", async () => {
    const path = join(folder, "events");
    const config = AuditSection.parse({ enabled: true, sink: { type: "file", file_path: path } });
    const bus = new MemoryBus({ log });
    const audit = await startAudit({
      config,
      folder: join(folder, "state"),
      bus,
      log,
      metrics: createMetrics(),
    });
    const ids = Array.from({ length: 20 }, (_, index) => `r${index}`);
    for (const id of ids) await bus.publish(operationDone, done(id));
    await bus.drain();
    await audit[Symbol.asyncDispose]();
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    const written = lines.map((line) => (JSON.parse(line) as { request_id: string }).request_id);
    assert.deepEqual(written, ids);
  });

  it("does nothing when it is not enabled", async () => {
    const path = join(folder, "none");
    const config = AuditSection.parse({ sink: { type: "file", file_path: path } });
    const bus = new MemoryBus({ log });
    await using _audit = await startAudit({
      config,
      folder: join(folder, "state"),
      bus,
      log,
      metrics: createMetrics(),
    });
    await bus.publish(operationDone, done("r"));
    await assert.rejects(readFile(path), { code: "ENOENT" });
  });

  it("answers when the event is written, writes one told of twice once, and knows it after a restart", async () => {
    const path = join(folder, "asked");
    const config = AuditSection.parse({ enabled: true, sink: { type: "file", file_path: path } });
    const ask = async (ids: string[]) => {
      const bus = new MemoryBus({ log });
      const state = join(folder, "asked-state");
      const audit = await startAudit({ config, folder: state, bus, log, metrics: createMetrics() });
      for (const id of ids) {
        await bus.request(recordOperation, done(id), { requestId: id });
        assert.match(await readFile(path, "utf8"), new RegExp(`"event_id":"${id}"`));
      }
      await bus.publish(operationDone, done(ids[0] ?? ""));
      await bus.drain();
      await audit[Symbol.asyncDispose]();
    };
    await ask(["a", "b", "a"]);
    await ask(["b", "c"]);
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    const seqs = lines.map((line) => (JSON.parse(line) as { seq: number }).seq);
    assert.deepEqual(seqs, [1, 2, 3]);
  });

  it("writes what operators do, each request once", async () => {
    const path = join(folder, "operators");
    const config = AuditSection.parse({ enabled: true, sink: { type: "file", file_path: path } });
    const bus = new MemoryBus({ log });
    const state = join(folder, "operators-state");
    await using _audit = await startAudit({
      ...{ config, folder: state, bus, log, metrics: createMetrics() },
    });
    const { timestamp } = done("");
    for (const requestId of ["a", "b", "a"]) {
      const action = { timestamp, requestId, event: "admin.action" } as const;
      const ended = { operation: "POST /admin/jobs", status: 202, success: true };
      await bus.request(recordAdminAction, { ...action, ...ended }, { requestId });
    }
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    const ids = lines.map((line) => (JSON.parse(line) as { event_id: string }).event_id);
    assert.deepEqual(ids, ["a", "b"]);
  });
});
