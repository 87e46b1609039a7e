/** What the admin API tells of itself. */
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";

/** A request that was answered. */
export interface AnsweredRequest {
  readonly method: string;
  /** Template of the endpoint; absent where there is none. */
  readonly path: string | undefined;
  readonly status: number;
  readonly seconds: number;
}

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]);

/** Says whether there is an admin API, and counts and times its requests; those of probes and of open answers are none. */
export function adminMetrics(
  metrics: Metrics,
  isEnabled: boolean,
): (request: AnsweredRequest) => void {
  const enabled = metrics.gauge({
    name: "gateway_admin_api_enabled",
    help: "1 if the admin API listens.",
  });
  enabled.set({}, isEnabled ? 1 : 0);
  const requests = metrics.counter({
    name: "gateway_admin_api_requests_total",
    help: "Requests to the admin API; path is that of the endpoint, with the names of its parameters.",
    labels: ["method", "path", "status_code"],
  });
  const durations = metrics.histogram({
    name: "gateway_admin_api_request_duration_seconds",
    help: "Time to answer requests to the admin API.",
    labels: ["method", "path"],
  });
  return ({ method: given, path = "unknown", status, seconds }) => {
    const method = METHODS.has(given) ? given : "other";
    requests.add({ method, path, status_code: String(status) });
    durations.observe({ method, path }, seconds);
  };
}
