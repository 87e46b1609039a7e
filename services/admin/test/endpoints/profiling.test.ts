import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { loadConfig } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import { AdminSection } from "../../src/config.ts";
import { profilingEndpoints } from "../../src/endpoints/profiling.ts";
import type { Profiler } from "../../src/profiler.ts";
import { office } from "../office.ts";
import { ask } from "./asked.ts";

function setUp(env: Record<string, string>, take?: Profiler["take"]) {
  const asked: unknown[] = [];
  const profiler: Profiler = {
    take:
      take ??
      (async (...given) => {
        asked.push(given);
        return "{}";
      }),
  };
  const { metrics } = office();
  const config = loadConfig(z.strictObject({ admin: AdminSection }), { env }).admin.profiling;
  return { endpoints: profilingEndpoints({ config, metrics, profiler }), metrics, asked };
}

const ENABLED = { ADMIN_PROFILING_ENABLED: "true", ADMIN_PROFILING_MAX_SECONDS: "40" };

describe("/debug/pprof/", () => {
  it("is not there unless profiling is enabled, and the metric says so", async () => {
    const off = setUp({});
    assert.deepEqual(off.endpoints, []);
    assert.match(await off.metrics.text(), /^gateway_admin_profiling_enabled 0$/m);
    assert.match(await setUp(ENABLED).metrics.text(), /^gateway_admin_profiling_enabled 1$/m);
  });

  it("takes profiles for as long as is asked for, within what is allowed", async () => {
    const { endpoints, asked, metrics } = setUp(ENABLED);
    for (const what of ["profile", "profile?seconds=40", "heap?seconds=1", "allocs"]) {
      const { status, text } = await ask(endpoints, `GET /debug/pprof/${what}`);
      assert.deepEqual([status, text], [200, "{}"]);
    }
    assert.deepEqual(asked, [
      ["profile", 30],
      ["profile", 40],
      ["heap", 1],
      ["allocs", 5],
    ]);
    for (const bad of ["0", "-1", "41", "x", "", "1.5", "1e9", "Infinity", "NaN"]) {
      const refused = await ask(endpoints, `GET /debug/pprof/profile?seconds=${bad}`);
      assert.equal(refused.status, 400, bad);
    }
    const series = /s3_gateway_admin_pprof_requests_total\{endpoint="profile",outcome="ok"\} 2/;
    assert.match(await metrics.text(), series);
  });

  it("says 429 while too many are being taken", async () => {
    const busy = () => Promise.reject(new Fault("limit.busy", "too many profiles"));
    const { endpoints, metrics } = setUp(ENABLED, busy);
    const refused = await ask(endpoints, "GET /debug/pprof/profile");
    assert.equal(refused.status, 429);
    assert.match(refused.text, /too many profiles/);
    assert.match(await metrics.text(), /endpoint="profile",outcome="busy"\} 1/);
  });

  it("tells what there is, what is under way, and how the process was started", async () => {
    const { endpoints } = setUp(ENABLED);
    assert.match((await ask(endpoints, "GET /debug/pprof/")).text, /^profile\?seconds=30 /);
    const underWay = (await ask(endpoints, "GET /debug/pprof/goroutine?debug=1")).text;
    assert.match(underWay, /^goroutine profile: total \d+\n/);
    assert.match((await ask(endpoints, "GET /debug/pprof/cmdline")).text, /node/);
    for (const missing of ["symbol", "trace", "block", "mutex", "threadcreate"]) {
      assert.equal((await ask(endpoints, `GET /debug/pprof/${missing}`)).status, 404);
    }
  });
});
