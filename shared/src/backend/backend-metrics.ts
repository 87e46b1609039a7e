/** What is counted of requests to the backend, under the names that dashboards of this gateway know. */
import type { Metrics } from "../runtime/metrics.ts";
import type { RetryReason } from "./retry.ts";

/** Told about attempts, retries and buffers. `method` is that of HTTP: what the request means to S3 nobody says down here. */
export interface BackendObserver {
  /** An attempt ended: with the status of an answer, or without one. */
  onAttempt(attempt: { method: string; status: number | undefined; durationMs: number }): void;
  /** Attempt number `attempt` (1 is the first) is about to be repeated after `delayMs`. */
  onRetry(retry: { method: string; reason: RetryReason; attempt: number; delayMs: number }): void;
  /** A request is over, after so many attempts; `gaveUpFor`: why there should have been one more. */
  onEnd(ended: { method: string; attempts: number; gaveUpFor: RetryReason | undefined }): void;
  /** A large buffer was lent to the connection of a body: a kept one, or a new one. */
  onBuffer(isReused: boolean): void;
}

/** From a store in the same rack to one that has to fetch from tape. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Counts what a backend client does. `mode`: `backend.retry.mode`. */
export function backendMetrics(metrics: Metrics, mode: string): BackendObserver {
  const requests = metrics.counter({
    name: "s3_backend_requests_total",
    help: "Attempts at requests to the backend, by HTTP method and status; none: no answer.",
    labels: ["operation", "status"],
  });
  const seconds = metrics.histogram({
    name: "s3_backend_request_duration_seconds",
    help: "Seconds from an attempt's start to the head of the backend's answer, an upload's bytes included.",
    labels: ["operation"],
    buckets: SECONDS,
  });
  const retries = metrics.counter({
    name: "s3_backend_retries_total",
    help: "Attempts repeated; reason connect, conn_reset, internal_500, throttle_429 or throttle_503.",
    labels: ["operation", "reason", "mode"],
  });
  const attemptsPerRequest = metrics.histogram({
    name: "s3_backend_attempts_per_request",
    help: "Attempts that a request to the backend took.",
    labels: ["operation"],
    buckets: [1, 2, 3, 4, 5, 6, 8, 10],
  });
  const giveUps = metrics.counter({
    name: "s3_backend_retry_give_ups_total",
    help: "Requests not repeated once more though there was reason to.",
    labels: ["operation", "final_reason"],
  });
  const backoff = metrics.histogram({
    name: "s3_backend_retry_backoff_seconds",
    help: "Seconds waited before an attempt was repeated.",
  });
  const hits = metrics.counter({
    name: "buffer_pool_hits_total",
    help: "Bodies read into a buffer that was used before.",
    labels: ["size_class"],
  });
  const misses = metrics.counter({
    name: "buffer_pool_misses_total",
    help: "Bodies that a buffer was made for.",
    labels: ["size_class"],
  });
  return {
    onAttempt({ method: operation, status, durationMs }) {
      requests.add({ operation, status: status === undefined ? "none" : String(status) });
      seconds.observe({ operation }, durationMs / 1000);
    },
    onRetry({ method: operation, reason, delayMs }) {
      retries.add({ operation, reason, mode });
      backoff.observe({}, delayMs / 1000);
    },
    onEnd({ method: operation, attempts, gaveUpFor }) {
      attemptsPerRequest.observe({ operation }, attempts);
      if (gaveUpFor !== undefined) giveUps.add({ operation, final_reason: gaveUpFor });
    },
    onBuffer: (isReused) => (isReused ? hits : misses).add({ size_class: "1MiB" }),
  };
}
