/** What edge tells the audit trail: of a write, before its client is told that it succeeded; of everything else, when it has ended. */
import type { IncomingMessage } from "node:http";
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import {
  type OperationDone,
  operationDone,
  recordOperation,
} from "@s3eg/shared/contracts/audit.ts";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import type { Sighting } from "./handle-request.ts";
import type { Incoming } from "./incoming.ts";

/** A request of which the result is known. */
export interface Concluded {
  readonly id: string;
  readonly req: IncomingMessage;
  /** As far as proxies that are trusted tell it. */
  readonly clientIp: string;
  readonly incoming: Incoming | undefined;
  readonly sighting: Sighting;
  readonly status: number;
  readonly errorCode?: string;
  readonly bytesOut: number;
  readonly milliseconds: number;
}

/** How events are told. */
export interface AuditTrail {
  /**
   * Resolves when the event of a request that succeeded is written for good, where the duty is to wait for it; else at once.
   * `limit.busy` where it cannot be written and nothing may be answered without.
   */
  record(concluded: Concluded): Promise<void>;
  /** Tells of an ended request, unless it was recorded. Nobody waits. */
  announce(concluded: Concluded): void;
}

/** What must be recorded before it is answered, and whether an event that cannot be is dropped and counted. */
export interface AuditDuty {
  readonly require: "all" | "writes" | "none";
  readonly overflow: "block" | "drop";
}

/** Tells the audit service over the bus. Without a duty everything is announced. */
export function auditTrail(rooms: {
  readonly bus: Bus;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly duty: AuditDuty | undefined;
}): AuditTrail {
  const { bus, log, metrics, duty } = rooms;
  const dropped = metrics.counter({
    name: "dropped_audit_events_total",
    help: "Audit events that could not be written.",
  });
  const recorded = new WeakSet<Sighting>();
  return {
    async record(concluded) {
      if (!duty || !isRequired(duty, concluded)) return;
      const { id, sighting } = concluded;
      try {
        await bus.request(recordOperation, factOf(concluded), { requestId: id });
      } catch (cause) {
        if (!isFault(cause) || duty.overflow === "block") {
          throw new Fault("limit.busy", "the audit event of this request was not written", {
            cause,
          });
        }
        dropped.add({});
        log.error({ err: cause, requestId: id }, "audit event dropped");
      }
      recorded.add(sighting);
    },
    announce(concluded) {
      if (recorded.has(concluded.sighting)) return;
      bus.publish(operationDone, factOf(concluded)).catch((error: unknown) => {
        log.warn({ err: error, requestId: concluded.id }, "audit event was not announced");
      });
    },
  };
}

/** Writes by their method (RFC 9110 §9.2.1): a new operation that changes something can't be forgotten. */
function isRequired({ require }: AuditDuty, { req, errorCode }: Concluded): boolean {
  if (errorCode !== undefined || require === "none") return false;
  return require === "all" || !["GET", "HEAD", "OPTIONS"].includes(req.method ?? "");
}

function factOf(concluded: Concluded): OperationDone {
  const { id, req, clientIp, incoming, sighting, status, errorCode } = concluded;
  const { bytesOut, milliseconds } = concluded;
  return {
    timestamp: new Date().toISOString(),
    requestId: id,
    operation: sighting.operation ?? "Unknown",
    ...optional("bucket", incoming?.bucket),
    ...optional("key", incoming?.key),
    ...optional("versionId", incoming?.query.get("versionId")),
    ...optional("accessKey", sighting.principal?.accessKey),
    ...optional("label", sighting.principal?.label),
    clientIp,
    ...optional("userAgent", req.headers["user-agent"]),
    status,
    success: errorCode === undefined,
    ...optional("error", errorCode),
    ...(sighting.wrappedUnder ? { wrappedUnder: sighting.wrappedUnder } : {}),
    bytesIn: sighting.bytesIn,
    bytesOut,
    durationMs: milliseconds,
  };
}

/** A field that is there only where it has a value. */
export function optional<Name extends string>(name: Name, value: string | undefined) {
  return (value === undefined || value === "" ? {} : { [name]: value }) as Partial<
    Record<Name, string>
  >;
}
