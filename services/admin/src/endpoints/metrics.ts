/** The metrics of the process, for who has the token, where `metrics.addr` does not serve them openly. */
import type { Office } from "../office.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";

/** `GET /metrics`; none where metrics have a listener of their own. */
export function metricsEndpoints({ metrics, hasOwnMetricsPort }: Office): Endpoint[] {
  if (hasOwnMetricsPort) return [];
  return [
    endpoint({
      method: "GET",
      path: "/metrics",
      summary: "Metrics of this process",
      answers: { 200: { description: "Prometheus text", contentType: metrics.contentType } },
      handle: async () => ({ status: 200, body: await metrics.text() }),
    }),
  ];
}
