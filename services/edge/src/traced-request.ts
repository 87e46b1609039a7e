/** The span of an S3 request: from its head to the end of its answer, with all that was done for it below. */
import type { IncomingMessage } from "node:http";
import type { Attributes, Tracing } from "@s3eg/shared/runtime/tracing.ts";
import { optional } from "./audit-trail.ts";
import type { Finished } from "./server.ts";

/** Runs what a request asks for in a span that `endRequestSpan` ends. */
export function inRequestSpan<Result>(
  tracing: Tracing | undefined,
  req: IncomingMessage,
  act: () => Result,
): Result {
  if (!tracing) return act();
  const client = req.headers.traceparent;
  return tracing.request({ name: "S3", kind: "server", client }, act);
}

/** Says what became of the request whose span this is, and ends it. */
export function endRequestSpan(tracing: Tracing | undefined, finished: Finished): void {
  const span = tracing?.current;
  if (!tracing || !span) return;
  const { sighting, errorCode, status } = finished;
  const operation = sighting.operation ?? "Unknown";
  span.rename(`S3 ${operation}`);
  span.set({ "rpc.method": operation, ...aboutRequest(finished, tracing.rules) });
  // By status, as for any server (OpenTelemetry, "HTTP spans"): what a client did wrong is no failure of ours.
  const isFailure = errorCode !== undefined && (status >= 500 || status === 499);
  span.end(isFailure ? { error: finished.error } : undefined);
}

function aboutRequest(
  { id, req, incoming, clientIp, sighting, status, errorCode, bytesOut }: Finished,
  { showsSensitive }: Tracing["rules"],
): Attributes {
  const sensitive = {
    ...optional("aws.s3.key", incoming?.key),
    ...optional("client.address", clientIp),
    ...optional("user_agent.original", req.headers["user-agent"]),
  };
  return {
    "rpc.system": "aws-api",
    "rpc.service": "S3",
    "aws.request_id": id,
    ...optional("aws.s3.bucket", incoming?.bucket),
    "http.request.method": req.method ?? "",
    "http.response.status_code": status,
    "http.request.body.size": sighting.bytesIn,
    "http.response.body.size": bytesOut,
    ...optional("s3eg.error_code", errorCode),
    ...(showsSensitive ? sensitive : {}),
  };
}
