import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { servicesEndpoints } from "../../src/endpoints/services.ts";
import { ProcessTable } from "../../src/watch/process-table.ts";
import { RateSeries } from "../../src/watch/rate-series.ts";
import { TrailTail } from "../../src/watch/trail-tail.ts";
import { announced, edgeWork } from "../watch/announced.ts";
import { ask } from "./asked.ts";

function watched() {
  const watch = { processes: new ProcessTable(), rates: new RateSeries(), trail: new TrailTail() };
  return { ...watch, endpoints: servicesEndpoints(watch) };
}

describe("GET /admin/services", () => {
  it("tells of every process, and which roles nobody has", async () => {
    const { processes, endpoints } = watched();
    const other = "7d0b7f0e-8c7a-4ef4-90d6-6a6d4c2b1a10";
    const checks = { backend: "unavailable" } as const;
    processes.heard(announced({ checks, work: [edgeWork(5, { bytesIn: 9 })] }));
    processes.heard(announced({ id: other, roles: ["keys", "crypto"], phase: "stopped" }));
    const { status, body } = await ask(endpoints, "GET /admin/services");
    assert.equal(status, 200);
    assert.deepEqual(body.missing_roles, ["crypto", "keys", "audit"]);
    const [edge, keys] = body.services as Record<string, unknown>[];
    assert.deepEqual([edge?.condition, keys?.condition], ["not_ready", "stopped"]);
    assert.deepEqual(edge?.checks, checks);
    assert.deepEqual(edge?.work, [
      { role: "edge", requests: 5, refusals: 0, errors: 0, bytes_in: 9, bytes_out: 0 },
    ]);
  });

  it("tells of none where none was heard of", async () => {
    const { body } = await ask(watched().endpoints, "GET /admin/services");
    assert.deepEqual(body.services, []);
    assert.deepEqual(body.missing_roles, ["edge", "crypto", "keys", "audit"]);
  });
});

describe("GET /admin/series", () => {
  it("gives a column for everything, with null where nobody told", async () => {
    const { rates, endpoints } = watched();
    const seen = (...states: ReturnType<typeof announced>[]) =>
      states.map((state) => ({ state, lastSeenMs: 0, condition: "ready" as const }));
    rates.sample(seen(announced({ announcedAtMs: 0, work: [edgeWork(5)] })), 1000);
    rates.sample(seen(announced({ announcedAtMs: 1000, work: [edgeWork(7)] })), 2000);
    const { body } = await ask(endpoints, "GET /admin/series");
    assert.deepEqual(body.at, ["1970-01-01T00:00:01.000Z", "1970-01-01T00:00:02.000Z"]);
    assert.equal(body.step_seconds, 5);
    const { edge } = body.roles as Record<string, Record<string, (number | null)[]>>;
    assert.deepEqual(edge?.requests, [null, 2]);
    assert.deepEqual(edge?.errors, [null, 0]);
    assert.deepEqual(body.memory_bytes, [1000, 1000]);
  });

  it("is empty at first", async () => {
    const { body } = await ask(watched().endpoints, "GET /admin/series");
    assert.deepEqual([body.at, body.roles], [[], {}]);
  });
});
