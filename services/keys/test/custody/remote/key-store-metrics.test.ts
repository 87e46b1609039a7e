import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { CircuitBreaker } from "../../../src/custody/remote/circuit-breaker.ts";
import { keyStoreMetrics } from "../../../src/custody/remote/key-store-metrics.ts";

describe("the metrics of a key store", () => {
  it("count attempts by how they ended, and repeated ones once more", async () => {
    const metrics = createMetrics();
    const store = keyStoreMetrics(metrics, "transit");
    const away = () => Promise.reject(new Fault("keys.unavailable", "away"));
    await assert.rejects(store.asked("wrap", 1, away));
    await assert.rejects(store.asked("wrap", 2, away));
    assert.equal(await store.asked("wrap", 3, async () => 7), 7);
    const lines = (await metrics.text()).split("\n");
    for (const line of [
      'gateway_kms_requests_total{provider="transit",operation="wrap",result="keys.unavailable"} 2',
      'gateway_kms_requests_total{provider="transit",operation="wrap",result="ok"} 1',
      'gateway_kms_request_duration_seconds_count{provider="transit",operation="wrap"} 3',
      'gateway_kms_retry_attempts_total{provider="transit",operation="wrap",outcome="failure"} 1',
      'gateway_kms_retry_attempts_total{provider="transit",operation="wrap",outcome="success"} 1',
    ]) {
      assert.ok(lines.includes(line), line);
    }
  });

  it("show the circuit breaker: closed, open, half-open, and closed again", async () => {
    const metrics = createMetrics();
    const store = keyStoreMetrics(metrics, "kmip");
    let nowMs = 0;
    const policy = { isEnabled: true, consecutiveFailures: 1, openMs: 10, successThreshold: 1 };
    const breaker = new CircuitBreaker(
      policy,
      () => nowMs,
      (now) => store.breaker(now),
    );
    const state = async () =>
      /^gateway_kms_circuit_breaker_state\{provider="kmip"\} (\d)$/m.exec(
        await metrics.text(),
      )?.[1];
    assert.equal(await state(), "0");
    await assert.rejects(breaker.run(() => Promise.reject(new Error("away"))));
    assert.equal(await state(), "2");
    nowMs = 11;
    await breaker.run(async () => assert.equal(await state(), "1"));
    assert.equal(await state(), "0");
  });
});
