import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SUITE } from "@s3eg/shared/format/layout.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { type BucketPolicy, Policies } from "../../../edge/src/auth/policy.ts";
import { readGatewayConfig } from "../../src/gateway-config.ts";
import { sharedRatesOf } from "../../src/wiring/shared-rates.ts";

const STANDARD: BucketPolicy = {
  ...{ id: "default", contents: "sealed", suite: SUITE.aes256Gcm },
  ...{ etag: "opaque", checksum: "client" },
};
const VALKEY = {
  VALKEY_ADDR: "127.0.0.1:1",
  VALKEY_TLS_ENABLED: "false",
  VALKEY_INSECURE_ALLOW_PLAINTEXT: "true",
};
const SECRET = { SERVICE_SECRET: Buffer.alloc(32, 1).toString("base64") };
const LIMITED = { RATE_LIMIT_ENABLED: "true" };

/** What edge would be given with these variables, and what was said in the log. */
async function opened(env: Record<string, string>, rate?: BucketPolicy["rate"]) {
  const { config } = readGatewayConfig([], { ...env, CONFIG_PATH: "/dev/null" });
  const warnings: string[] = [];
  const ignore = () => undefined;
  const quiet = { debug: ignore, info: ignore, error: ignore };
  const log = { ...quiet, warn: (_: unknown, text: string) => warnings.push(text), child: ignore };
  const rules = [{ ...STANDARD, id: "slow", buckets: ["slow"], ...(rate ? { rate } : {}) }];
  await using stack = new AsyncDisposableStack();
  const shared = await sharedRatesOf({
    ...{ config, env, stack, log: log as never, metrics: createMetrics() },
    policies: new Policies(rules, STANDARD),
  });
  return { warnings, told: await shared?.take("server", { limit: 1, windowMs: 1 }, "a"), shared };
}

describe("rates that replicas share", () => {
  it("are counted in Valkey where one is configured and a limit is to be shared", async () => {
    const { shared, told } = await opened({ ...VALKEY, ...SECRET, ...LIMITED });
    assert.ok(shared);
    assert.equal(told, undefined);
    const rate = { limit: 1, windowMs: 1, by: "address", isShared: true } as const;
    assert.ok((await opened({ ...VALKEY, ...SECRET }, rate)).shared);
  });

  it("take the secret of keys and crypto where there is no other, and say where there is none", async () => {
    const { SERVICE_SECRET: KEYS_SECRET } = SECRET;
    assert.ok((await opened({ ...VALKEY, ...LIMITED, KEYS_SECRET })).shared);
    const { shared, warnings } = await opened({ ...VALKEY, ...LIMITED });
    assert.equal(shared, undefined);
    assert.match(warnings.join(), /SERVICE_SECRET/);
  });

  it("need no Valkey where nobody asks for them", async () => {
    assert.equal((await opened({ ...SECRET, ...LIMITED })).shared, undefined);
    assert.equal((await opened({ ...VALKEY, ...SECRET })).shared, undefined);
    const alone = { ...VALKEY, ...SECRET, ...LIMITED, RATE_LIMIT_SHARED: "false" };
    assert.equal((await opened(alone)).shared, undefined);
  });
});
