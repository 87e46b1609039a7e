import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { backendMetrics } from "../../src/backend/backend-metrics.ts";
import { createMetrics } from "../../src/runtime/metrics.ts";

describe("the metrics of a backend", () => {
  it("count attempts, retries, and requests that were given up", async () => {
    const metrics = createMetrics();
    const told = backendMetrics(metrics, "standard");
    const method = "GET";
    told.onAttempt({ method, status: 503, durationMs: 20 });
    told.onRetry({ method, reason: "throttle_503", attempt: 1, delayMs: 50 });
    told.onAttempt({ method, status: undefined, durationMs: 20 });
    told.onEnd({ method, attempts: 2, gaveUpFor: "connect" });
    told.onEnd({ method, attempts: 1, gaveUpFor: undefined });
    for (const isReused of [true, true, false]) told.onBuffer(isReused);
    const lines = (await metrics.text()).split("\n");
    for (const line of [
      's3_backend_requests_total{operation="GET",status="503"} 1',
      's3_backend_requests_total{operation="GET",status="none"} 1',
      's3_backend_request_duration_seconds_count{operation="GET"} 2',
      's3_backend_retries_total{operation="GET",reason="throttle_503",mode="standard"} 1',
      's3_backend_attempts_per_request_sum{operation="GET"} 3',
      's3_backend_retry_give_ups_total{operation="GET",final_reason="connect"} 1',
      "s3_backend_retry_backoff_seconds_sum 0.05",
      'buffer_pool_hits_total{size_class="1MiB"} 2',
      'buffer_pool_misses_total{size_class="1MiB"} 1',
    ]) {
      assert.ok(lines.includes(line), line);
    }
  });
});
