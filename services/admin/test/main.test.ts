import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { type AdminAction, recordAdminAction } from "@s3eg/shared/contracts/audit.ts";
import { isFault } from "@s3eg/shared/faults.ts";
import { loadConfig } from "@s3eg/shared/runtime/config.ts";
import { Health } from "@s3eg/shared/runtime/health.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { z } from "zod";
import { AdminSection } from "../src/config.ts";
import { startAdmin } from "../src/main.ts";

const TOKEN = "a-token-of-more-than-thirty-two-characters";

function given(env: Record<string, string>) {
  const log = createLog({ service: "test", level: "info", destination: { write: () => {} } });
  const config = loadConfig(z.strictObject({ admin: AdminSection }), { env }).admin;
  const health = new Health({ version: "1.0.0", log });
  health.markReady();
  health.add("bus", async () => {});
  const bus = new MemoryBus({ log });
  const common = { config, health, metrics: createMetrics(), log, bus, session: undefined };
  const logLevel = { state: { level: "info", configured: "info" }, proof: undefined } as const;
  const sights = {
    certificate: undefined,
    proofs: undefined,
    lookedAt: async () => [],
    settings: () => [],
    logLevel,
    hasOwnMetricsPort: false,
    isAudited: true,
  };
  return { ...common, ...sights, version: "1.0.0", roles: ["edge"] };
}

const ENV = {
  ADMIN_ENABLED: "true",
  ADMIN_ADDRESS: "127.0.0.1:0",
  ADMIN_AUTH_TOKEN: TOKEN,
  ADMIN_ALLOW_INLINE_TOKEN: "1",
};

describe("startAdmin", () => {
  it("serves probes openly, metrics and status to who has the token", async () => {
    const server = await startAdmin(given(ENV));
    assert.ok(server);
    await using _closing = server;
    const get = (path: string, token?: string) =>
      fetch(`http://127.0.0.1:${server.port}${path}`, {
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      });
    assert.equal((await get("/livez")).status, 200);
    assert.equal((await get("/metrics")).status, 401);
    const metrics = await get("/metrics", TOKEN);
    assert.match(await metrics.text(), /^process_cpu_seconds_total /m);
    const status = (await (await get("/admin/status", TOKEN)).json()) as Record<string, unknown>;
    assert.equal(status.version, "1.0.0");
    assert.deepEqual(status.roles, ["edge"]);
    assert.equal(status.status, "ready");
    assert.deepEqual(status.checks, { bus: "ok" });
    assert.equal(status.is_draining, false);
  });

  it("has audit told who was refused, and of what an operator changes", async () => {
    const parts = given(ENV);
    const events: AdminAction[] = [];
    parts.bus.serve(recordAdminAction, async (action) => {
      events.push(action);
      return await Promise.resolve({});
    });
    const server = await startAdmin(parts);
    assert.ok(server);
    const place = `http://127.0.0.1:${server.port}/admin/log/level`;
    const refused = await fetch(place, { headers: { authorization: "Bearer guessed" } });
    const body = '{"level":"debug"}';
    const authorization = `Bearer ${TOKEN}`;
    const changed = await fetch(place, { method: "PUT", headers: { authorization }, body });
    await server[Symbol.asyncDispose]();
    assert.deepEqual(
      events.map(({ requestId, event, success, wish }) => [requestId, event, success, wish]),
      [
        [refused.headers.get("x-amz-request-id"), "auth.failure", false, undefined],
        [changed.headers.get("x-amz-request-id"), "log_level.changed", true, { level: "debug" }],
      ],
    );
    assert.doesNotMatch(JSON.stringify(events), /guessed/);
  });

  it("listens nowhere when it is not enabled", async () => {
    assert.equal(await startAdmin(given({})), undefined);
  });

  it("refuses to start with a weak token", async () => {
    await assert.rejects(startAdmin(given({ ...ENV, ADMIN_AUTH_TOKEN: "weak" })), (error) =>
      isFault(error, "config.invalid"),
    );
  });

  it("never falls back to plain HTTP without a certificate", async () => {
    const tls = {
      ADMIN_TLS_ENABLED: "1",
      ADMIN_TLS_CERT_FILE: "/no/c",
      ADMIN_TLS_KEY_FILE: "/no/k",
    };
    await assert.rejects(startAdmin(given({ ...ENV, ...tls })), /certificate/);
  });
});
