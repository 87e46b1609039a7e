import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Health } from "../../src/runtime/health.ts";
import { createLog } from "../../src/runtime/log.ts";
import { createMetrics } from "../../src/runtime/metrics.ts";
import { serveProbes } from "../../src/runtime/probe-server.ts";

describe("serveProbes", () => {
  it("serves metrics and probes to GET and HEAD, and nothing else", async () => {
    const log = createLog({ service: "test", level: "info", destination: { write: () => {} } });
    const health = new Health({ version: "1", log });
    const metrics = createMetrics();
    metrics.counter({ name: "answers_total", help: "Answers." }).add({});
    await using server = await serveProbes({
      address: { host: "127.0.0.1", port: 0 },
      health,
      metrics,
      log,
    });
    const get = (path: string, method = "GET") =>
      fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    const scraped = await get("/metrics");
    assert.match(scraped.headers.get("content-type") ?? "", /^text\/plain/);
    assert.match(await scraped.text(), /^answers_total 1$/m);
    assert.equal((await get("/readyz")).status, 503);
    health.markReady();
    const ready = await get("/readyz");
    assert.equal(ready.status, 200);
    assert.equal(ready.headers.get("content-type"), "application/json");
    assert.equal(((await ready.json()) as { status: string }).status, "ready");
    assert.equal((await get("/health", "HEAD")).status, 200);
    assert.equal((await get("/metrics", "POST")).status, 405);
    assert.equal((await get("/")).status, 404);
  });
});
