/** What keys measures of its work. */
import { endedShortLived } from "@s3eg/shared/http/short-lived.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { timed } from "@s3eg/shared/runtime/timed.ts";

/** The questions of keys, as a label. */
type Operation = "issue" | "unwrap" | "unwrap-many" | "unwrap-legacy" | "reissue" | "check";

/** Wraps an answerer so that its answers and refusals are counted and timed, and what they leave behind is collected. */
export type Measured = <Asked extends unknown[], Answer>(
  operation: Operation,
  answerer: (...asked: Asked) => Promise<Answer>,
) => (...asked: Asked) => Promise<Answer>;

/** Counts and times what keys does. */
export function measuredWith(metrics: Metrics): Measured {
  const total = metrics.counter({
    name: "gateway_keys_operations_total",
    help: "Data keys issued and unwrapped, headers re-issued, checks of the key store, by result (ok or fault code).",
    labels: ["operation", "result"],
  });
  const seconds = metrics.histogram({
    name: "gateway_keys_operation_duration_seconds",
    help: "Seconds per operation of keys, its custodian included.",
    labels: ["operation"],
    buckets: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
  });
  return (operation, answerer) =>
    async (...asked) =>
      await timed(
        () => answerer(...asked),
        (result, took) => {
          // Whether the key store is there is asked every second, and no data key comes up.
          if (operation !== "check") endedShortLived();
          total.add({ operation, result });
          seconds.observe({ operation }, took);
        },
      );
}
