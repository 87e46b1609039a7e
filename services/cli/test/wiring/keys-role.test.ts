import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { showRotation, startRotation } from "@s3eg/shared/contracts/key-rotation.ts";
import { issueDataKey } from "@s3eg/shared/contracts/keys.ts";
import { Health } from "@s3eg/shared/runtime/health.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { askGuarded } from "@s3eg/shared/trust/ask.ts";
import { readGatewayConfig } from "../../src/gateway-config.ts";
import { startKeysRole } from "../../src/wiring/keys-role.ts";
import { COMPLETE, KeptLog, scratchFolder } from "../environment.ts";

const KEYS = { SELF_CONTAINED_AES_KEYS: "1=env:KEK,2=env:KEK2" };
const KEK2 = Buffer.alloc(32, 2).toString("base64");

describe("startKeysRole", () => {
  it("answers for data keys and for rotations, and depends on no broker where there is none", async () => {
    await using scratch = await scratchFolder();
    await using stack = new AsyncDisposableStack();
    const active = { SELF_CONTAINED_AES_ACTIVE_VERSION: "1" };
    const env = { ...COMPLETE, ...KEYS, ...active, KEK2, DATA_DIR: scratch.folder };
    const { config } = readGatewayConfig(["edge", "crypto", "keys"], env);
    const log = new KeptLog();
    const bus = new MemoryBus({ log });
    const health = new Health({ version: "0", log });
    const stop = new AbortController().signal;
    await startKeysRole({
      ...{ config, env, stack, stop, bus, log, health, metrics: createMetrics() },
      ...{ nats: undefined, secrets: undefined, rules: undefined },
    });
    health.markReady();
    const readiness = await health.answer("/readyz");
    assert.deepEqual(readiness?.body.checks, { kms: "ok" });
    const requestId = "test";
    const place = { bucket: "b", key: "k" };
    const wish = { place, suite: 1 as const, flags: 0 };
    const issued = { question: issueDataKey, input: wish, requestId };
    assert.equal((await askGuarded(bus, undefined, issued)).keyVersion, 1);
    await askGuarded(bus, undefined, { question: startRotation, input: {}, requestId });
    const shown = await askGuarded(bus, undefined, {
      question: showRotation,
      input: {},
      requestId,
    });
    assert.ok("snapshot" in shown && shown.snapshot.targetVersion === 2);
  });
});
