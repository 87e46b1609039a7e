import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { statusEndpoints } from "../../src/endpoints/status.ts";
import { office } from "../office.ts";
import { ask } from "./asked.ts";

describe("GET /admin/status", () => {
  it("tells what the process is, how its dependencies are and whether it drains", async () => {
    const given = office();
    given.health.add("bus", async () => {});
    given.health.add("backend", () => Promise.reject(new Error("hush")));
    const endpoints = statusEndpoints(given);
    const { status, body, text } = await ask(endpoints, "GET /admin/status");
    assert.equal(status, 200);
    assert.equal(body.version, "1.0.0");
    assert.deepEqual(body.roles, ["edge"]);
    assert.equal(body.status, "not_ready");
    assert.deepEqual(body.checks, { bus: "ok", backend: "unavailable" });
    assert.equal(body.is_draining, false);
    assert.deepEqual([body.pid, body.node], [process.pid, process.versions.node]);
    assert.ok(Number(body.memory_bytes) > 1e6 && Number(body.uptime_seconds) >= 0);
    assert.equal(body.log_level, "info");
    assert.doesNotMatch(text, /hush/);
    given.health.markDraining();
    assert.equal((await ask(endpoints, "GET /admin/status")).body.is_draining, true);
  });
});
