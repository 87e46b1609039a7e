/** How key stores are guarded by `encryption.key_manager.retry`, `.circuit_breaker` and `.health_check_interval`. */
import type { CustodyParts } from "../open-custodian.ts";
import type { Guarding } from "./guarded-custodian.ts";

/** `attemptTimeoutMs` is the store's own limit for one request. */
export function configuredGuarding(
  { config, metrics }: Pick<CustodyParts, "config" | "metrics">,
  attemptTimeoutMs: number,
): Guarding {
  const { retry, circuit_breaker, health_check_interval } = config.key_manager;
  return {
    retry: {
      isEnabled: retry.enabled,
      initialMs: retry.initial_interval,
      maxMs: retry.max_interval,
      multiplier: retry.multiplier,
      maxElapsedMs: Math.max(retry.max_elapsed_time, retry.enabled ? 0 : attemptTimeoutMs),
      attemptTimeoutMs,
    },
    breaker: {
      isEnabled: circuit_breaker.enabled,
      consecutiveFailures: circuit_breaker.consecutive_failures,
      openMs: circuit_breaker.open_timeout,
      successThreshold: circuit_breaker.success_threshold,
    },
    healthyForMs: health_check_interval,
    ...(metrics ? { metrics } : {}),
  };
}
