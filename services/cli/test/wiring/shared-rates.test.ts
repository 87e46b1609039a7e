import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { openEntrance } from "../../src/entrance.ts";
import { readGatewayConfig } from "../../src/gateway-config.ts";
import { sharedRatesOf } from "../../src/wiring/shared-rates.ts";

const VALKEY = {
  VALKEY_ADDR: "127.0.0.1:1",
  VALKEY_TLS_ENABLED: "false",
  VALKEY_INSECURE_ALLOW_PLAINTEXT: "true",
};
const SECRET = { SERVICE_SECRET: Buffer.alloc(32, 1).toString("base64") };
const COMPLETE = {
  BACKEND_ENDPOINT: "http://127.0.0.1:1",
  BACKEND_ACCESS_KEY: "backend",
  BACKEND_SECRET_KEY: "backend-secret",
  GW_ACCESS_KEY_1: "client",
  GW_SECRET_KEY_1: "client-secret",
  KEY_MANAGER_ENABLED: "true",
  KEY_MANAGER_PROVIDER: "self_contained",
  SELF_CONTAINED_TYPE: "aes",
  SELF_CONTAINED_AES_KEYS: `1=base64:${Buffer.alloc(32, 2).toString("base64")}`,
};
const LIMITED = { RATE_LIMIT_ENABLED: "true" };

/** What edge would be given with these variables, and what was said in the log. */
async function opened(more: Record<string, string>) {
  const env = { ...COMPLETE, ...more, CONFIG_PATH: "/dev/null" };
  const { config, roles } = readGatewayConfig([], env);
  const { policies } = openEntrance(config, roles, env);
  const warnings: string[] = [];
  const ignore = () => undefined;
  const quiet = { debug: ignore, info: ignore, error: ignore };
  const log = { ...quiet, warn: (_: unknown, text: string) => warnings.push(text), child: ignore };
  await using stack = new AsyncDisposableStack();
  const metrics = createMetrics();
  const shared = await sharedRatesOf({ config, policies, env, stack, log: log as never, metrics });
  return { warnings, told: await shared?.take("server", { limit: 1, windowMs: 1 }, "a"), shared };
}

describe("rates that replicas share", () => {
  it("are counted in Valkey where one is configured and a limit is to be shared", async () => {
    const { shared, told } = await opened({ ...VALKEY, ...SECRET, ...LIMITED });
    assert.ok(shared);
    assert.equal(told, undefined);
    const policy = {
      GW_POLICY_1_ID: "slow",
      GW_POLICY_1_BUCKETS: "slow",
      GW_POLICY_1_RATE_LIMIT_ENABLED: "true",
    };
    assert.ok((await opened({ ...VALKEY, ...SECRET, ...policy })).shared);
  });

  it("take the secret of keys and crypto where there is no other, and say where there is none", async () => {
    const { SERVICE_SECRET: KEYS_SECRET } = SECRET;
    assert.ok((await opened({ ...VALKEY, ...LIMITED, KEYS_SECRET })).shared);
    const { shared, warnings } = await opened({ ...VALKEY, ...LIMITED });
    assert.equal(shared, undefined);
    assert.match(warnings.join(), /SERVICE_SECRET/);
  });

  it("need no Valkey where nobody asks for them, nor a word on what they would lack", async () => {
    assert.equal((await opened({ ...SECRET, ...LIMITED })).shared, undefined);
    const unnamed = { VALKEY_PASSWORD_ENV: "NOT_SET" };
    const lacking = await opened({ ...VALKEY, ...SECRET, ...unnamed });
    assert.deepEqual([lacking.shared, lacking.warnings], [undefined, []]);
    await assert.rejects(opened({ ...VALKEY, ...SECRET, ...unnamed, ...LIMITED }));
    assert.deepEqual((await opened(VALKEY)).warnings, []);
  });

  it("are there for a limit that a reload brings first", async () => {
    assert.ok((await opened({ ...VALKEY, ...SECRET })).shared);
    const alone = { ...VALKEY, ...SECRET, ...LIMITED, RATE_LIMIT_SHARED: "false" };
    assert.ok((await opened(alone)).shared);
  });
});
