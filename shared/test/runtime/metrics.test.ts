import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMetrics } from "../../src/runtime/metrics.ts";

describe("Metrics", () => {
  it("exposes counters, gauges and histograms in the Prometheus text format", async () => {
    const metrics = createMetrics();
    const requests = metrics.counter({
      name: "s3_operations_total",
      help: "Operations.",
      labels: ["operation", "bucket"],
    });
    requests.add({ operation: "PutObject", bucket: "*" });
    requests.add({ operation: "PutObject", bucket: "*" }, 2);
    const open = metrics.gauge({ name: "active_connections", help: "Open." });
    open.set({}, 5);
    open.add({}, -2);
    metrics
      .histogram({ name: "op_seconds", help: "Time.", labels: ["op"], buckets: [0.1, 1] })
      .observe({ op: "a" }, 0.5);
    const text = await metrics.text();
    assert.match(text, /^s3_operations_total\{operation="PutObject",bucket="\*"\} 3$/m);
    assert.match(text, /^active_connections 3$/m);
    assert.match(text, /^op_seconds_bucket\{le="0\.1",op="a"\} 0$/m);
    assert.match(text, /^op_seconds_bucket\{le="1",op="a"\} 1$/m);
    assert.match(metrics.contentType, /^text\/plain; version=0\.0\.4/);
  });

  it("gives the series of one metric, those of a histogram by their own names", async () => {
    const metrics = createMetrics();
    assert.deepEqual(await metrics.samples("unheard_of"), []);
    metrics.counter({ name: "a_total", help: "A.", labels: ["x"] }).add({ x: "1" }, 3);
    assert.deepEqual(await metrics.samples("a_total"), [
      { name: "a_total", labels: { x: "1" }, value: 3 },
    ]);
    metrics.histogram({ name: "b_seconds", help: "B.", buckets: [1] }).observe({}, 0.5);
    const samples = await metrics.samples("b_seconds");
    assert.deepEqual(
      samples.map(({ name, labels, value }) => [name, labels.le, value]),
      [
        ["b_seconds_bucket", 1, 1],
        ["b_seconds_bucket", "+Inf", 1],
        ["b_seconds_sum", undefined, 0.5],
        ["b_seconds_count", undefined, 1],
      ],
    );
  });

  it("tells of the process itself", async () => {
    const text = await createMetrics().text();
    assert.match(text, /^process_resident_memory_bytes \d+$/m);
    assert.match(text, /^nodejs_eventloop_lag_p99_seconds /m);
    assert.match(text, /^memory_sys_bytes [1-9]\d+$/m);
  });

  it("reads a gauge with a reader at every scrape", async () => {
    const metrics = createMetrics();
    let value = 1;
    metrics.gauge({ name: "spool_depth", help: "Waiting.", read: () => value });
    assert.match(await metrics.text(), /^spool_depth 1$/m);
    value = 7;
    assert.match(await metrics.text(), /^spool_depth 7$/m);
  });

  it("gives the same metric to two roles, and refuses one name with two shapes", async () => {
    const metrics = createMetrics();
    const definition = { name: "retries_total", help: "Retries.", labels: ["reason"] } as const;
    metrics.counter(definition).add({ reason: "timeout" });
    metrics.counter(definition).add({ reason: "timeout" });
    assert.match(await metrics.text(), /^retries_total\{reason="timeout"\} 2$/m);
    assert.throws(() => metrics.counter({ name: "retries_total", help: "Retries." }), /twice/);
    assert.throws(() => metrics.gauge(definition), /twice/);
  });

  it("keeps registries apart", async () => {
    const [one, other] = [createMetrics(), createMetrics()];
    one.counter({ name: "only_here_total", help: "Here." }).add({});
    assert.doesNotMatch(await other.text(), /only_here_total/);
  });
});
