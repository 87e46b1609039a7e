/** What is kept of a request that has ended: one log line, metrics, one audit event. */
import { isFault } from "@s3eg/shared/faults.ts";
import type { Log, LogFields } from "@s3eg/shared/runtime/log.ts";
import type { Tracing } from "@s3eg/shared/runtime/tracing.ts";
import { type AccessLogStyle, accessFields } from "./access-log.ts";
import { type AuditTrail, auditTrail, optional } from "./audit-trail.ts";
import type { EdgeParts } from "./edge-parts.ts";
import { type EndedRequest, requestMetrics } from "./request-metrics.ts";
import type { Finished, Recorders } from "./server.ts";
import { endRequestSpan } from "./traced-request.ts";

/** Records requests: writes before they are answered, as far as `audit` asks for it, and all when they have ended. */
export function requestRecorders(
  parts: Pick<
    EdgeParts,
    "bus" | "log" | "metrics" | "audit" | "hasBucketLabel" | "accessLog" | "tracing"
  >,
): Pick<Recorders, "concluded" | "finished"> {
  const { bus, log, metrics, audit: duty, tracing } = parts;
  const trail = auditTrail({ bus, log, metrics, duty });
  const { accessLog: style = { format: "default", redactedHeaders: [] } } = parts;
  const measure = requestMetrics(metrics, parts);
  const finished = finishedRequest({ log, style, trail, measure, tracing });
  return {
    concluded: (request) => trail.record(request),
    finished(request) {
      finished(request);
      endRequestSpan(tracing, request);
    },
  };
}

function finishedRequest(rooms: {
  log: Log;
  style: AccessLogStyle;
  trail: AuditTrail;
  measure(ended: EndedRequest): void;
  tracing: Tracing | undefined;
}): (request: Finished) => void {
  const { log, style, trail, measure, tracing } = rooms;
  return (request) => {
    const { req, incoming, sighting, status, errorCode, bytesOut, milliseconds } = request;
    const operation = sighting.operation ?? "Unknown";
    const { bytesIn } = sighting;
    const method = req.method ?? "";
    const failure = errorCode === undefined ? {} : { errorCode };
    measure({
      operation,
      ...optional("bucket", incoming?.bucket),
      method,
      status,
      bytesIn,
      bytesOut,
      seconds: milliseconds / 1000,
      ...failure,
    });
    logRequest(log, request, {
      ...accessFields(request, style),
      op: operation,
      bytesIn,
      requestId: request.id,
      ...optional("traceId", tracing?.current?.traceId),
    });
    trail.announce(request);
  };
}

function logRequest(log: Log, { status, errorCode, error }: Finished, about: LogFields): void {
  const fields = { ...about, ...optional("code", errorCode) };
  const isClients = error === undefined || isFault(error, "client.gone", "client.stalled");
  // An answer that broke off after its head has a status that tells nothing.
  const isFailure = status >= 500 && status !== 501 && errorCode !== "SlowDown";
  const isOurs = status === 499 ? !isClients : isFailure;
  if (isOurs) log.error({ ...fields, err: error }, "request failed");
  else log.info(fields, "request");
}
