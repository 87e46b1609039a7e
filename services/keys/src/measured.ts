/** What keys measures of its work. */
import { isFault } from "@s3eg/shared/faults.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";

/** Wraps a handler so that its calls are counted and timed. */
export type Measured = <Input, Output>(
  operation: string,
  handler: (input: Input) => Promise<Output>,
) => (input: Input) => Promise<Output>;

/** Counts and times what keys does. */
export function measuredWith(metrics: Metrics): Measured {
  const total = metrics.counter({
    name: "gateway_keys_operations_total",
    help: "Data keys issued and unwrapped, headers re-issued, by result (ok or fault code).",
    labels: ["operation", "result"],
  });
  const seconds = metrics.histogram({
    name: "gateway_keys_operation_duration_seconds",
    help: "Seconds per operation of keys, its custodian included.",
    labels: ["operation"],
  });
  return (operation, handler) => async (input) => {
    const startedMs = performance.now();
    let result = "ok";
    try {
      return await handler(input);
    } catch (error) {
      result = isFault(error) ? error.code : "internal.bug";
      throw error;
    } finally {
      total.add({ operation, result });
      seconds.observe({ operation }, (performance.now() - startedMs) / 1000);
    }
  };
}
