import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMetrics } from "../../src/runtime/metrics.ts";
import { roleWork } from "../../src/runtime/role-work.ts";

describe("roleWork", () => {
  it("has nothing to tell of roles that did nothing here", async () => {
    assert.deepEqual(await roleWork(createMetrics()), []);
  });

  it("sums up what edge measures, over all its labels", async () => {
    const metrics = createMetrics();
    const requests = metrics.counter({
      name: "http_requests_total",
      help: "Requests.",
      labels: ["method", "path", "status"],
    });
    for (const [status, count] of Object.entries({
      200: 5,
      206: 2,
      404: 3,
      499: 1,
      501: 1,
      503: 2,
    })) {
      requests.add({ method: "GET", path: "*", status }, count);
    }
    const bytes = metrics.counter({
      name: "s3_client_bytes_total",
      help: "Bytes.",
      labels: ["bucket", "direction"],
    });
    bytes.add({ bucket: "a", direction: "in" }, 10);
    bytes.add({ bucket: "b", direction: "in" }, 5);
    bytes.add({ bucket: "a", direction: "out" }, 7);
    const seconds = metrics.histogram({
      name: "http_request_duration_seconds",
      help: "Seconds.",
      labels: ["method"],
      buckets: [0.1, 1],
    });
    seconds.observe({ method: "GET" }, 0.05);
    seconds.observe({ method: "PUT" }, 0.5);
    seconds.observe({ method: "PUT" }, 5);
    assert.deepEqual(await roleWork(metrics), [
      {
        ...{ role: "edge", requests: 14, refusals: 5, errors: 2, bytesIn: 15, bytesOut: 7 },
        durations: [{ le: 0.1, count: 1 }, { le: 1, count: 2 }, { count: 3 }],
      },
    ]);
  });

  it("leaves checks of the key store out, and tells refusals from failures by their codes", async () => {
    const metrics = createMetrics();
    const total = metrics.counter({
      name: "gateway_keys_operations_total",
      help: "Operations.",
      labels: ["operation", "result"],
    });
    total.add({ operation: "check", result: "ok" }, 100);
    total.add({ operation: "unwrap", result: "ok" }, 3);
    total.add({ operation: "unwrap", result: "input.invalid" });
    total.add({ operation: "unwrap", result: "keys.unavailable" }, 2);
    const [keys] = await roleWork(metrics);
    assert.deepEqual([keys?.role, keys?.requests, keys?.refusals, keys?.errors], ["keys", 6, 1, 2]);
  });
});
