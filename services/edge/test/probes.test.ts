import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runningEdge } from "./running-edge.ts";

describe("probes", () => {
  for (const path of ["/health", "/healthz", "/ready", "/readyz", "/live", "/livez", "/startupz"]) {
    it(`are answered at ${path} without a signature`, async () => {
      await using edge = await runningEdge();
      const get = await edge.sendUnsigned({ method: "GET", path });
      assert.deepEqual([get.status, get.headers["content-type"]], [200, "application/json"]);
      assert.equal(typeof (JSON.parse(get.text) as { status: unknown }).status, "string");
      const head = await edge.sendUnsigned({ method: "HEAD", path });
      assert.deepEqual([head.status, head.text], [200, ""]);
      assert.equal(edge.done.length, 0);
    });
  }

  it("show metrics where they have no port of their own", async () => {
    await using edge = await runningEdge();
    const { text, headers } = await edge.sendUnsigned({ method: "GET", path: "/metrics" });
    assert.match(String(headers["content-type"]), /^text\/plain/);
    assert.match(text, /^process_cpu_seconds_total /m);
  });

  it("say 503 while draining", async () => {
    await using edge = await runningEdge();
    edge.health.markDraining();
    assert.equal((await edge.sendUnsigned({ method: "GET", path: "/readyz" })).status, 503);
    assert.equal((await edge.sendUnsigned({ method: "GET", path: "/livez" })).status, 200);
  });
});

describe("a bucket that is called like a probe", () => {
  for (const bucket of ["health", "readyz", "metrics"]) {
    it(`is a bucket for whoever signs: ${bucket}`, async () => {
      await using edge = await runningEdge();
      assert.match(
        (await edge.send({ method: "GET", path: `/${bucket}` })).text,
        /ListBucketResult/,
      );
      assert.equal((await edge.send({ method: "HEAD", path: `/${bucket}` })).text, "");
      const path = edge.presigned({ method: "GET", path: `/${bucket}` });
      assert.match((await edge.sendUnsigned({ method: "GET", path })).text, /ListBucketResult/);
      assert.deepEqual(
        edge.done.map((fact) => [fact.operation, fact.bucket]),
        [
          ["ListObjects", bucket],
          ["HeadBucket", bucket],
          ["ListObjects", bucket],
        ],
      );
    });
  }

  it("is no probe for any other method or path", async () => {
    await using edge = await runningEdge();
    for (const [method, path] of [
      ["DELETE", "/health"],
      ["PUT", "/metrics"],
      ["GET", "/health/"],
      ["GET", "/health?x"],
      ["GET", "/%68ealth"],
      ["GET", "/metrics/x"],
    ] as const) {
      const { status } = await edge.sendUnsigned({ method, path });
      assert.equal(status, 403, path);
    }
    assert.equal(edge.backend.kept.length, 0);
  });
});
