/** Spans through OpenTelemetry's SDK: the one door of its packages. Loaded only where tracing is on. */
import { setTimeout as sleep } from "node:timers/promises";
import { context, SpanKind, SpanStatusCode, TraceFlags, trace } from "@opentelemetry/api";
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as HttpExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Log, LogFields } from "./log.ts";
import { type Attributes, failureCode, type Span, type SpanMaker } from "./tracing.ts";

/** How long the last spans may take when the process ends. */
const LAST_MS = 3000;

/** Where spans go: to an OTLP receiver (`http:`, `https:` with its path; `grpc:`, `grpcs:`), or without one into the log. */
export interface SpanTarget {
  readonly otlp?: URL;
  readonly log: Log;
}

/** Spans that wait for the receiver; what comes beyond is dropped, for tracing must not hold anything up. */
const MAX_WAITING = 8192;
const SEND_EVERY_MS = 2000;
const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

/** Opens the way to `target`; `resource` describes the process in every span. Disposing sends what waits, as far as that takes no longer than `lastMs`. */
export function openSpanMaker(
  target: SpanTarget,
  resource: Attributes,
  { lastMs = LAST_MS }: { lastMs?: number } = {},
): SpanMaker {
  const { otlp, log } = target;
  const exporter = otlp ? loud(otlpExporter(otlp), log) : logExporter(log);
  const processor = new BatchSpanProcessor({
    exporter,
    maxQueueSize: MAX_WAITING,
    scheduledDelayMillis: SEND_EVERY_MS,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ ...resource }),
    // Who has a span was decided before, and by nothing that OTEL_TRACES_SAMPLER says.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer("s3eg");
  const root = context.active();
  return {
    start({ name, kind, attributes }, parent) {
      const within = parent === undefined ? root : trace.setSpanContext(root, remote(parent));
      const options = { kind: KINDS[kind], ...(attributes ? { attributes } : {}) };
      return spanOf(tracer.startSpan(name, options, within));
    },
    async [Symbol.asyncDispose]() {
      const sent = provider.shutdown().catch(() => undefined);
      // A receiver that is away must not hold up the end.
      await Promise.race([sent, sleep(lastMs, undefined, { ref: false })]);
    },
  };
}

function spanOf(span: ReturnType<ReturnType<TracerProvider["getTracer"]>["startSpan"]>): Span {
  const { traceId, spanId } = span.spanContext();
  return {
    traceId,
    traceparent: `00-${traceId}-${spanId}-01`,
    rename: (name) => span.updateName(name),
    set: (attributes) => span.setAttributes({ ...attributes }),
    end(failure) {
      if (!span.isRecording()) return;
      if (failure) {
        span.setAttribute("error.type", failureCode(failure.error));
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    },
  };
}

function remote(traceparent: string) {
  const [, traceId = "", spanId = ""] = traceparent.split("-");
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
}

function otlpExporter(endpoint: URL): SpanExporter {
  if (endpoint.protocol.startsWith("grpc")) {
    const scheme = endpoint.protocol === "grpcs:" ? "https" : "http";
    return new GrpcExporter({ url: `${scheme}://${endpoint.host}` });
  }
  return new HttpExporter({ url: endpoint.href });
}

/** Spans that did not arrive are gone: somebody should know. */
function loud(exporter: SpanExporter, log: Log): SpanExporter {
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const { error } = result;
        if (result.code !== 0) log.warn({ err: error, spans: spans.length }, "spans were lost");
        done(result);
      });
    },
    forceFlush: async () => await exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}

/** A line of the log for each span. */
function logExporter(log: Log): SpanExporter {
  return {
    export(spans, done) {
      for (const span of spans) log.info({ span: asLogged(span) }, "span");
      done({ code: 0 });
    },
    shutdown: async () => undefined,
  };
}

function asLogged(span: ReadableSpan): LogFields {
  const { name, kind, attributes, parentSpanContext, duration } = span;
  const { traceId, spanId } = span.spanContext();
  const [seconds = 0, nanoseconds = 0] = duration;
  const milliseconds = seconds * 1000 + nanoseconds / 1e6;
  const parentSpanId = parentSpanContext?.spanId;
  const about = { name, kind: SpanKind[kind].toLowerCase(), attributes, milliseconds };
  return { traceId, spanId, ...(parentSpanId ? { parentSpanId } : {}), ...about };
}
