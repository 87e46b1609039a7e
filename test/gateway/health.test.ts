import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { BUCKET, type RunningGateway, runningGateway } from "./running-gateway.ts";

interface Probed {
  readonly status: string;
  readonly timestamp: string;
  readonly version: string;
  readonly checks?: Readonly<Record<string, string>>;
}

describe("probes and metrics on the S3 port", () => {
  let gateway: RunningGateway;

  before(async () => {
    gateway = await runningGateway({ env: { BACKEND_PROBE_BUCKET: BUCKET } });
  });
  after(() => gateway[Symbol.asyncDispose]());

  const ask = async (path: string, method = "GET") =>
    await fetch(`http://127.0.0.1:${gateway.port}${path}`, { method });
  const probed = async (path: string) => {
    const answer = await ask(path);
    return { code: answer.status, body: (await answer.json()) as Probed };
  };

  it("say in the documented JSON that the process lives, has started and is ready", async () => {
    for (const [path, status] of [
      ["/health", "healthy"],
      ["/healthz", "healthy"],
      ["/live", "alive"],
      ["/livez", "alive"],
      ["/startupz", "started"],
    ] as const) {
      const { code, body } = await probed(path);
      assert.equal(code, 200);
      assert.deepEqual(Object.keys(body), ["status", "timestamp", "version"]);
      assert.equal(body.status, status);
      assert.ok(!Number.isNaN(Date.parse(body.timestamp)));
    }
    for (const path of ["/ready", "/readyz"]) {
      const { code, body } = await probed(path);
      assert.deepEqual([code, body.status], [200, "ready"]);
      assert.deepEqual(body.checks, { backend: "ok", kms: "ok", "multipart-state": "ok" });
      const head = await ask(path, "HEAD");
      assert.deepEqual([head.status, await head.text()], [200, ""]);
    }
  });

  it("leave a signed request, and any other method, to S3", async () => {
    for (const path of ["/ready", "/health", "/live", "/metrics"]) {
      const signed = await gateway.client.send("GET", path);
      assert.match(signed.text, /<Code>NoSuchBucket</, path);
      assert.match(await (await ask(path, "DELETE")).text(), /<Code>AccessDenied</, path);
      assert.match(await (await ask(`${path}?prefix=a`)).text(), /<Code>AccessDenied</, path);
    }
  });

  it("have metrics without the names of buckets", async () => {
    await gateway.client.send("PUT", `/${BUCKET}/k`, { body: Buffer.from("x") });
    const text = await (await ask("/metrics")).text();
    assert.match(
      text,
      /^s3_client_requests_total\{operation="PutObject",bucket="\*",status_code="200"\} 1$/m,
    );
    assert.match(text, /^encryption_operations_total\{operation="encrypt"\} 1$/m);
    assert.doesNotMatch(text, new RegExp(BUCKET));
  });

  it("stay ready while a backend that was there just now fails", async () => {
    assert.equal((await probed("/ready")).code, 200);
    const match = (method: string) => method === "HEAD";
    gateway.store.faults.next({ kind: "status-503", count: 100, match });
    const { code, body } = await probed("/ready");
    assert.deepEqual([code, body.checks?.backend, body.checks?.kms], [200, "ok", "ok"]);
    gateway.store.faults.clear();
  });
});
