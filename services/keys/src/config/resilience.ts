/** How patient keys is with key stores on the network: `encryption.key_manager.retry` and `.circuit_breaker`. */
import { durationMs } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";

/** 0 stands for the default, as it always did. */
const duration = (initialMs: number, limitMs: number) =>
  durationMs()
    .pipe(z.number().max(limitMs))
    .prefault("0")
    .transform((ms) => ms || initialMs);
const count = (initial: number, limit: number) =>
  z
    .int()
    .min(0)
    .max(limit)
    .default(0)
    .transform((given) => given || initial);

/** `retry`: what is unavailable is asked again, with jitter. */
export const RetrySection = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .meta({ env: "KMS_RETRY_ENABLED" })
    .describe("asks a key store again that did not answer"),
  initial_interval: duration(100, 60_000)
    .meta({ env: "KMS_RETRY_INITIAL_INTERVAL" })
    .describe("longest wait before the second attempt; 0: 100ms"),
  max_interval: duration(2000, 60_000)
    .meta({ env: "KMS_RETRY_MAX_INTERVAL" })
    .describe("longest wait between attempts; 0: 2s"),
  max_elapsed_time: duration(4000, 60_000)
    .meta({ env: "KMS_RETRY_MAX_ELAPSED_TIME" })
    .describe("time for all attempts together; 0: 4s (whoever asks keys waits 5s)"),
  multiplier: z
    .number()
    .min(0)
    .max(100)
    .default(0)
    .transform((given) => (given === 0 ? 2 : Math.max(1, given)))
    .meta({ env: "KMS_RETRY_MULTIPLIER" })
    .describe("growth of the wait; 0: 2"),
});
export type RetrySection = z.infer<typeof RetrySection>;

/** `circuit_breaker`: a key store that keeps failing is left alone for a while. */
export const CircuitBreakerSection = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .meta({ env: "KMS_CIRCUIT_BREAKER_ENABLED" })
    .describe("refuses at once while a key store is known to be away"),
  consecutive_failures: count(5, 1_000_000)
    .meta({ env: "KMS_CIRCUIT_BREAKER_FAILURES" })
    .describe("failures in a row that open it; 0: 5"),
  open_timeout: duration(5000, 3_600_000)
    .meta({ env: "KMS_CIRCUIT_BREAKER_OPEN_TIMEOUT" })
    .describe("how long before one request may try again; 0: 5s"),
  success_threshold: count(1, 1000)
    .meta({ env: "KMS_CIRCUIT_BREAKER_SUCCESS_THRESHOLD" })
    .describe("successes in a row that close it; 0: 1"),
});
export type CircuitBreakerSection = z.infer<typeof CircuitBreakerSection>;
