import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { Health } from "@s3eg/shared/runtime/health.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { LogLevelKeeper } from "@s3eg/shared/runtime/log-level.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { readGatewayConfig } from "../../src/gateway-config.ts";
import { RulesInForce } from "../../src/reload/rules-in-force.ts";
import { readRules } from "../../src/rules.ts";
import { startAdminRole } from "../../src/wiring/admin-role.ts";
import { COMPLETE } from "../environment.ts";

describe("the role admin", () => {
  it("listens only where it is enabled, and until the stack is closed", async () => {
    const log = createLog({ service: "t", level: "error", destination: { write: () => {} } });
    const port = 20_000 + (process.pid % 20_000);
    const enabled = {
      ...COMPLETE,
      ADMIN_ENABLED: "true",
      ADMIN_ADDRESS: `127.0.0.1:${port}`,
      ADMIN_AUTH_TOKEN: "a-token-of-more-than-thirty-two-characters",
      ADMIN_ALLOW_INLINE_TOKEN: "1",
    };
    for (const env of [COMPLETE, enabled]) {
      await using stack = new AsyncDisposableStack();
      const { config } = readGatewayConfig([], env);
      const roles = new Set(["admin"] as const);
      await startAdminRole({
        config,
        roles,
        env,
        rules: new RulesInForce(readRules(config, { roles, env })),
        logLevel: new LogLevelKeeper(log, "error"),
        stack,
        bus: new MemoryBus({ log }),
        health: new Health({ version: "1", log }),
        metrics: createMetrics(),
        log,
        secrets: undefined,
        trust: { proofs: undefined, isHeard: true },
      });
      const asked = fetch(`http://127.0.0.1:${port}/livez`);
      if (env === enabled) assert.equal((await asked).status, 200);
      else await assert.rejects(asked);
    }
  });
});
