import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { freePort, gatewayOf, NO_KEYS, readinessOf, SPLIT } from "../some-gateway.ts";

describe("crypto in a process of its own", () => {
  it("tells where it is at once, and that it drains when it stops", async () => {
    const address = { CRYPTO_LISTEN_ADDR: "127.0.0.1:0" };
    const gateway = await gatewayOf(["crypto"], { ...SPLIT, ...NO_KEYS, ...address });
    await using _ = gateway;
    const [first] = gateway.workers;
    assert.match(first?.url ?? "", /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.equal(first?.isDraining, false);
    await gateway.stop();
    assert.equal(gateway.workers.at(-1)?.isDraining, true);
  });

  it("is not ready while Valkey is away, and says so", async () => {
    const metricsAddr = `127.0.0.1:${await freePort()}`;
    const address = { CRYPTO_LISTEN_ADDR: "127.0.0.1:0", METRICS_ADDR: metricsAddr };
    await using _ = await gatewayOf(["crypto"], { ...SPLIT, ...NO_KEYS, ...address });
    const { status, checks } = await readinessOf(metricsAddr);
    assert.equal(status, 503);
    assert.deepEqual(checks, { backend: "unavailable", nats: "ok", valkey: "unavailable" });
    const text = await (await fetch(`http://${metricsAddr}/metrics`)).text();
    assert.match(text, /^gateway_mpu_valkey_up 0$/m);
    assert.match(text, /^gateway_mpu_valkey_insecure 0$/m);
  });

  it("says of a plaintext Valkey that it is insecure", async () => {
    const metricsAddr = `127.0.0.1:${await freePort()}`;
    const address = { CRYPTO_LISTEN_ADDR: "127.0.0.1:0", METRICS_ADDR: metricsAddr };
    const plain = { VALKEY_TLS_ENABLED: "false", VALKEY_INSECURE_ALLOW_PLAINTEXT: "true" };
    const env = { ...SPLIT, ...NO_KEYS, ...address, ...plain };
    await using gateway = await gatewayOf(["crypto"], env);
    const text = await (await fetch(`http://${metricsAddr}/metrics`)).text();
    assert.match(text, /^gateway_mpu_valkey_insecure 1$/m);
    assert.ok(gateway.log.lines.some((line) => line.includes("plaintext")));
  });
});
