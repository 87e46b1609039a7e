/** What is kept of a request that has ended: one log line, metrics, one audit event. Built from facts, never from headers or URLs. */
import { isFault } from "@s3eg/shared/faults.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { type AuditTrail, auditTrail, optional } from "./audit-trail.ts";
import type { EdgeParts } from "./edge-parts.ts";
import { type EndedRequest, requestMetrics } from "./request-metrics.ts";
import type { Finished, Recorders } from "./server.ts";

/** Records requests: writes before they are answered, as far as `audit` asks for it, and all when they have ended. */
export function requestRecorders(
  parts: Pick<EdgeParts, "bus" | "log" | "metrics" | "audit" | "hasBucketLabel">,
): Pick<Recorders, "concluded" | "finished"> {
  const { bus, log, metrics, audit: duty } = parts;
  const trail = auditTrail({ bus, log, metrics, duty });
  const finished = finishedRequest({ log, trail, measure: requestMetrics(metrics, parts) });
  return { concluded: (request) => trail.record(request), finished };
}

function finishedRequest(rooms: {
  log: Log;
  trail: AuditTrail;
  measure(ended: EndedRequest): void;
}): (request: Finished) => void {
  const { log, trail, measure } = rooms;
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
    logRequest(log, request, { operation, bytesIn });
    trail.announce(request);
  };
}

function logRequest(
  log: Log,
  { id, status, errorCode, error, bytesOut, milliseconds }: Finished,
  { operation, bytesIn }: { operation: string; bytesIn: number },
): void {
  const fields = {
    op: operation,
    status,
    ...optional("code", errorCode),
    bytesIn,
    bytesOut,
    ms: Math.round(milliseconds * 1000) / 1000,
    requestId: id,
  };
  const isClients = error === undefined || isFault(error, "client.gone", "client.stalled");
  // An answer that broke off after its head has a status that tells nothing.
  const isOurs = status === 499 ? !isClients : status >= 500 && status !== 501;
  if (isOurs) log.error({ ...fields, err: error }, "request failed");
  else log.info(fields, "request");
}
