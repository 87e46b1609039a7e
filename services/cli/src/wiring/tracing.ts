/** The tracing of a process, as `tracing.*` says. */
import { hostname } from "node:os";
import type { Backend } from "@s3eg/shared/backend/backend.ts";
import { tracedBackend } from "@s3eg/shared/backend/traced-backend.ts";
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { TracedBus } from "@s3eg/shared/bus/traced-bus.ts";
import { tracedTransferClient, tracedTransferServer } from "@s3eg/shared/http/traced-transfers.ts";
import type { TransferClient, TransferServer } from "@s3eg/shared/http/transfer.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { Tracing } from "@s3eg/shared/runtime/tracing.ts";
import { otlpEndpointOf, type TracingSettings } from "@s3eg/shared/runtime/tracing-config.ts";
import { VERSION } from "../version.ts";

/** Puts spans around what connects the roles of this process to each other, and to the backend. */
export interface TracedWays {
  readonly tracing: Tracing | undefined;
  bus(bus: Bus): Bus;
  backend(backend: Backend): Backend;
  /** Transfers, for who asks for them. */
  asking(client: TransferClient): TransferClient;
  /** Transfers, for who answers them. */
  answering(server: TransferServer): TransferServer;
}

/** Where tracing is off everything stays as it is, and costs nothing. */
export async function openTracedWays(
  settings: TracingSettings,
  parts: TracingParts,
): Promise<TracedWays> {
  const tracing = await openTracing(settings, parts);
  const tellsBackend = settings.tell_backend;
  return {
    tracing,
    bus: (bus) => (tracing ? new TracedBus(bus, tracing) : bus),
    backend: (backend) => (tracing ? tracedBackend(backend, tracing, { tellsBackend }) : backend),
    asking: (client) => (tracing ? tracedTransferClient(client, tracing) : client),
    answering: (server) => (tracing ? tracedTransferServer(server, tracing) : server),
  };
}

/** What the tracing of a process is opened with; it is closed with the stack. */
interface TracingParts {
  readonly roles: ReadonlySet<string>;
  readonly stack: AsyncDisposableStack;
  readonly log: Log;
}

/** Undefined where it is off. OpenTelemetry is loaded only where spans are sent. */
async function openTracing(
  settings: TracingSettings,
  parts: TracingParts,
): Promise<Tracing | undefined> {
  const { log, roles, stack } = parts;
  if (!settings.enabled) return undefined;
  if (settings.exporter === "none") {
    log.warn({}, "tracing is enabled, but tracing.exporter is none: nothing is traced");
    return undefined;
  }
  const otlp = otlpEndpointOf(settings);
  if (settings.exporter === "jaeger" && otlp) {
    log.warn(
      { endpoint: otlp.href },
      "tracing.exporter jaeger: spans go as OTLP, which Jaeger takes since 1.35; set exporter to otlp and otlp_endpoint",
    );
  }
  const { openSpanMaker } = await import("@s3eg/shared/runtime/span-exporter.ts");
  const version = settings.service_version === "dev" ? VERSION : settings.service_version;
  const maker = openSpanMaker(otlp ? { otlp, log } : { log }, {
    "service.name": settings.service_name,
    "service.version": version,
    "service.instance.id": `${hostname()}-${process.pid}`,
    "s3eg.roles": [...roles].join("+"),
  });
  stack.use(maker);
  return new Tracing(maker, {
    samplingRatio: settings.sampling_ratio,
    clientTraceparent: settings.client_traceparent,
    showsSensitive: !settings.redact_sensitive,
  });
}
