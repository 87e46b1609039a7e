import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { type WorkerAlive, workerAlive } from "@s3eg/shared/contracts/crypto.ts";
import { issueDataKey } from "@s3eg/shared/contracts/keys.ts";
import { startGateway } from "../src/gateway.ts";
import { type Env, readGatewayConfig } from "../src/gateway-config.ts";
import { COMPLETE, KeptLog, scratchFolder } from "./environment.ts";

const SECRETS = { SERVICE_SECRET: "11".repeat(32), KEYS_SECRET: "22".repeat(32) };
const SPLIT = {
  ...COMPLETE,
  ...SECRETS,
  NATS_URL: "nats://127.0.0.1:1",
  VALKEY_ADDR: "127.0.0.1:1",
};
const NO_KEYS = { KEY_MANAGER_ENABLED: "", SELF_CONTAINED_AES_KEYS: "" };

/** A gateway of some roles, on a memory bus in the place of NATS where there is one. */
async function gatewayOf(roleNames: string[], env: Env) {
  await using held = new AsyncDisposableStack();
  const { folder } = held.use(await scratchFolder());
  const all = { ...env, DATA_DIR: folder };
  const { config, roles } = readGatewayConfig(roleNames, all);
  const log = new KeptLog();
  const bus = new MemoryBus({ log });
  const workers: WorkerAlive[] = [];
  bus.subscribe(workerAlive, (fact) => workers.push(fact));
  const stack = new AsyncDisposableStack();
  held.defer(() => stack.disposeAsync());
  const stop = new AbortController().signal;
  const { port } = await startGateway({ config, roles, env: all, stack, stop, log, bus });
  const parts = held.move();
  return {
    port,
    bus,
    log,
    workers,
    stop: () => stack.disposeAsync(),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

async function readinessOf(address: string): Promise<{ status: number; checks: unknown }> {
  const answer = await fetch(`http://${address}/ready`);
  const { checks } = (await answer.json()) as { checks: unknown };
  return { status: answer.status, checks };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

const question = { place: { bucket: "b", key: "k" }, suite: 1, flags: 0 } as const;

describe("roles in one process", () => {
  it("start together, and answer probes on the S3 port", async () => {
    const backend = createHttpServer((_asked, response) => response.end("")).listen(0, "127.0.0.1");
    await once(backend, "listening");
    await using _ = { [Symbol.asyncDispose]: async () => void backend.close() };
    const at = backend.address() as AddressInfo;
    const env = { ...COMPLETE, BACKEND_ENDPOINT: `http://127.0.0.1:${at.port}` };
    await using gateway = await gatewayOf([], env);
    for (const path of ["/live", "/ready", "/metrics"]) {
      const answer = await fetch(`http://127.0.0.1:${gateway.port}${path}`);
      assert.equal(answer.status, 200, path);
    }
    assert.ok(gateway.log.lines.includes("started"));
    const { checks } = await readinessOf(`127.0.0.1:${gateway.port}`);
    assert.deepEqual(checks, { backend: "ok", kms: "ok", "multipart-state": "ok" });
  });

  it("stop: nothing listens and nothing is answered any more", async () => {
    const gateway = await gatewayOf([], COMPLETE);
    await using _ = gateway;
    await gateway.stop();
    await assert.rejects(fetch(`http://127.0.0.1:${gateway.port}/live`));
    const asked = gateway.bus.request(issueDataKey, question, { requestId: "r" });
    await assert.rejects(asked, { code: "bus.unavailable" });
  });
});

describe("roles in processes of their own", () => {
  it("keys answers, without an S3 port, clients or a backend", async () => {
    // No backend, half a credential and a policy that is not there: none of its business.
    const backend = { BACKEND_ENDPOINT: "", BACKEND_ACCESS_KEY: "", BACKEND_SECRET_KEY: "" };
    const others = { GW_CRED_0_SECRET_KEY: "", POLICIES: "/nowhere/*.yaml" };
    await using gateway = await gatewayOf(["keys"], { ...SPLIT, ...backend, ...others });
    assert.equal(gateway.port, undefined);
    const answer = await gateway.bus.request(issueDataKey, question, { requestId: "r" });
    assert.ok("plain" in answer);
  });

  it("crypto tells where it is at once, and that it drains when it stops", async () => {
    const address = { CRYPTO_LISTEN_ADDR: "127.0.0.1:0" };
    const gateway = await gatewayOf(["crypto"], { ...SPLIT, ...NO_KEYS, ...address });
    await using _ = gateway;
    const [first] = gateway.workers;
    assert.match(first?.url ?? "", /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.equal(first?.isDraining, false);
    await gateway.stop();
    assert.equal(gateway.workers.at(-1)?.isDraining, true);
  });

  it("edge is not ready before it knows a crypto worker, and keys answers", async () => {
    const env = { ...SPLIT, ...NO_KEYS, KEYS_SECRET: "" };
    await using gateway = await gatewayOf(["edge"], env);
    const { status, checks } = await readinessOf(`127.0.0.1:${gateway.port}`);
    assert.equal(status, 503);
    const away = { backend: "unavailable", keys: "unavailable", crypto: "unavailable" };
    assert.deepEqual(checks, { nats: "ok", ...away });
  });

  it("crypto is not ready while Valkey is away, and says so", async () => {
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

  it("crypto says of a plaintext Valkey that it is insecure", async () => {
    const metricsAddr = `127.0.0.1:${await freePort()}`;
    const address = { CRYPTO_LISTEN_ADDR: "127.0.0.1:0", METRICS_ADDR: metricsAddr };
    const plain = { VALKEY_TLS_ENABLED: "false", VALKEY_INSECURE_ALLOW_PLAINTEXT: "true" };
    const env = { ...SPLIT, ...NO_KEYS, ...address, ...plain };
    await using gateway = await gatewayOf(["crypto"], env);
    const text = await (await fetch(`http://${metricsAddr}/metrics`)).text();
    assert.match(text, /^gateway_mpu_valkey_insecure 1$/m);
    assert.ok(gateway.log.lines.some((line) => line.includes("plaintext")));
  });

  it("do not start without the secrets that they trust each other by", async () => {
    for (const [role, missing] of [
      ["edge", "SERVICE_SECRET"],
      ["crypto", "SERVICE_SECRET"],
      ["crypto", "KEYS_SECRET"],
      ["keys", "KEYS_SECRET"],
    ] as const) {
      const keys = role === "keys" ? {} : NO_KEYS;
      const started = gatewayOf([role], { ...SPLIT, ...keys, [missing]: "" });
      await assert.rejects(started, { code: "config.invalid", message: new RegExp(missing) });
    }
  });
});
