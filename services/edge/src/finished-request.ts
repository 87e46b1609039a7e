/** What is kept of a request that has ended: one log line, metrics, one audit fact. Built from facts, never from headers or URLs. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { operationDone } from "@s3eg/shared/contracts/audit.ts";
import { isFault } from "@s3eg/shared/faults.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { EndedRequest } from "./request-metrics.ts";
import type { Finished } from "./server.ts";

/** Records ended requests. */
export function finishedRequest(rooms: {
  log: Log;
  bus: Bus;
  measure(ended: EndedRequest): void;
}): (request: Finished) => void {
  const { log, bus, measure } = rooms;
  return (request) => {
    const { id, req, incoming, sighting, status, errorCode, bytesOut, milliseconds } = request;
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
    const fact = {
      timestamp: new Date().toISOString(),
      requestId: id,
      operation,
      ...optional("bucket", incoming?.bucket),
      ...optional("key", incoming?.key),
      ...optional("versionId", incoming?.query.get("versionId")),
      ...optional("accessKey", sighting.principal?.accessKey),
      ...optional("label", sighting.principal?.label),
      clientIp: req.socket.remoteAddress ?? "",
      ...optional("userAgent", req.headers["user-agent"]),
      status,
      success: errorCode === undefined,
      ...optional("error", errorCode),
      bytesIn,
      bytesOut,
      durationMs: milliseconds,
    };
    bus.publish(operationDone, fact).catch((error: unknown) => {
      log.warn({ err: error, requestId: id }, "audit event was not announced");
    });
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

function optional<Name extends string>(name: Name, value: string | undefined) {
  return (value === undefined || value === "" ? {} : { [name]: value }) as Partial<
    Record<Name, string>
  >;
}
