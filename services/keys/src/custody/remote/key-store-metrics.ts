/** What is counted of key stores on the network, under the names that dashboards of this gateway know. */
import type { Provider } from "@s3eg/shared/format/layout.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { timed } from "@s3eg/shared/runtime/timed.ts";
import type { BreakerState } from "./circuit-breaker.ts";

/** What a key store is asked for, as a label. */
export type StoreOperation = "start" | "wrap" | "unwrap" | "unwrap-legacy" | "check";

/** Counts what one key store is asked. */
export interface KeyStoreMetrics {
  /** Counts how `asking` ends, which is attempt number `tries`; gives what it gives. */
  asked<Result>(
    operation: StoreOperation,
    tries: number,
    asking: () => Promise<Result>,
  ): Promise<Result>;
  /** The circuit breaker changed. */
  breaker(state: BreakerState): void;
}

/** As dashboards of before have them. */
const STATE_NUMBERS: Readonly<Record<BreakerState, number>> = {
  closed: 0,
  "half-open": 1,
  open: 2,
};

/** Makes the metrics of a key store. */
export function keyStoreMetrics(metrics: Metrics, provider: Provider): KeyStoreMetrics {
  const requests = metrics.counter({
    name: "gateway_kms_requests_total",
    help: "Attempts at asking key stores on the network, by result (ok or fault code).",
    labels: ["provider", "operation", "result"],
  });
  const seconds = metrics.histogram({
    name: "gateway_kms_request_duration_seconds",
    help: "Seconds per attempt at asking a key store on the network; a wrap is opened once, too.",
    labels: ["provider", "operation"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  });
  const retries = metrics.counter({
    name: "gateway_kms_retry_attempts_total",
    help: "Attempts that repeated one before; outcome success or failure.",
    labels: ["provider", "operation", "outcome"],
  });
  const state = metrics.gauge({
    name: "gateway_kms_circuit_breaker_state",
    help: "Circuit breaker of a key store: 0 closed, 1 half-open, 2 open.",
    labels: ["provider"],
  });
  return {
    asked: (operation, tries, asking) =>
      timed(asking, (result, took) => {
        requests.add({ provider, operation, result });
        seconds.observe({ provider, operation }, took);
        const outcome = result === "ok" ? "success" : "failure";
        if (tries > 1) retries.add({ provider, operation, outcome });
      }),
    breaker: (now) => state.set({ provider }, STATE_NUMBERS[now]),
  };
}
