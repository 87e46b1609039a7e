/** The metrics of the process, for who has the token; `metrics.addr` serves them openly. */
import type { Office } from "../office.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";

/** `GET /metrics`. */
export function metricsEndpoints({ metrics }: Office): Endpoint[] {
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
