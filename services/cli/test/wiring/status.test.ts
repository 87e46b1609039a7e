import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { type ProcessAlive, processAlive } from "@s3eg/shared/contracts/status.ts";
import { Health } from "@s3eg/shared/runtime/health.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { LogLevelKeeper } from "@s3eg/shared/runtime/log-level.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { type Env, readGatewayConfig } from "../../src/gateway-config.ts";
import type { Role } from "../../src/roles.ts";
import { statusTrustOf, tellStatus } from "../../src/wiring/status.ts";
import { COMPLETE } from "../environment.ts";

const ADMIN = {
  ...COMPLETE,
  ADMIN_ENABLED: "true",
  ADMIN_AUTH_TOKEN: "a-token-of-more-than-thirty-two-characters",
  ADMIN_ALLOW_INLINE_TOKEN: "1",
};
const SECRETS = { service: new Secret<Uint8Array>(Buffer.alloc(32, 1)), keys: undefined };
const ROLES: ReadonlySet<Role> = new Set(["edge", "admin"]);

function trustWith(env: Env, secrets?: typeof SECRETS) {
  return statusTrustOf(readGatewayConfig([], env).config, ROLES, secrets);
}

describe("what a process tells of itself", () => {
  it("is told within one process only where there is an admin, and proves nothing", () => {
    assert.equal(trustWith(COMPLETE).isHeard, false);
    assert.equal(trustWith(ADMIN).isHeard, true);
    assert.equal(trustWith(ADMIN).proofs, undefined);
  });

  it("is told over NATS by who has the secret, and proven", () => {
    const env = { ...COMPLETE, NATS_URL: "nats://127.0.0.1:1" };
    const split = { ...env, SERVICE_SECRET: "11".repeat(32), KEYS_SECRET: "22".repeat(32) };
    assert.equal(trustWith(split).isHeard, false);
    const trust = trustWith(split, SECRETS);
    assert.equal(trust.isHeard, true);
    const proven = trust.proofs?.processes.prove({ id: "p" });
    assert.ok(proven && trust.proofs?.processes.isGenuine(proven));
    assert.ok(!trust.proofs?.events.isGenuine(proven));
  });

  it("is what it is, until it stops", async () => {
    const log = createLog({ service: "t", level: "error", destination: { write: () => {} } });
    const bus = new MemoryBus({ log });
    const facts: ProcessAlive[] = [];
    bus.subscribe(processAlive, (fact) => facts.push(fact));
    const stack = new AsyncDisposableStack();
    const health = new Health({ version: "1", log });
    const logLevel = new LogLevelKeeper(log, "error");
    const common = { config: { zone: "z" }, roles: ROLES, bus, health, log, logLevel };
    const process = { ...common, stack, metrics: createMetrics() };
    tellStatus({ ...process, trust: { proofs: undefined, isHeard: false } });
    const tell = tellStatus({ ...process, trust: { proofs: undefined, isHeard: true } });
    health.markReady();
    tell();
    await stack.disposeAsync();
    const told = facts.map(({ roles, zone, phase }) => [...roles, zone, phase].join(" "));
    assert.deepEqual(
      [told.at(-1), new Set(facts.map(({ id }) => id)).size],
      ["edge admin z stopped", 1],
    );
  });
});
