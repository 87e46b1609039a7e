import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { AuditSection } from "../src/config.ts";
import { openTrail } from "../src/open-trail.ts";

const SILENT = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };

async function opened(t: TestContext, sink: (folder: string) => object) {
  const folder = await mkdtemp(join(tmpdir(), "trail-"));
  t.after(() => rm(folder, { recursive: true }));
  const config = AuditSection.parse({ sink: sink(folder) });
  const parts = { folder: join(folder, "state"), log: SILENT, metrics: createMetrics() };
  return { folder, ...(await openTrail(config, parts)) };
}

describe("openTrail", () => {
  it("writes to a file", async (t) => {
    const file = (scratch: string) => ({ type: "file", file_path: join(scratch, "events") });
    const { folder, chained, sending } = await opened(t, file);
    await chained.write(['{"n":1}\n']);
    assert.match(await readFile(join(folder, "events"), "utf8"), /^\{"n":1,"seq":1,/);
    assert.equal(sending, undefined);
  });

  it("keeps on disk what is to be sent", async (t) => {
    const http = () => ({ type: "http", endpoint: "http://127.0.0.1:1/" });
    const { folder, chained, sending } = await opened(t, http);
    await chained.write(['{"n":1}\n']);
    const spooled = await readFile(join(folder, "state/spool/events"), "utf8");
    assert.match(spooled, /^\{"n":1,"seq":1,/);
    assert.ok(sending);
    await sending[Symbol.asyncDispose]();
  });

  it("refuses a file that can't be written", async (t) => {
    const nowhere = (scratch: string) => ({ type: "file", file_path: join(scratch, "no/events") });
    await assert.rejects(opened(t, nowhere), { code: "config.invalid" });
  });
});
