/** `tracing`: spans of requests, sent to a collector. */
import { z } from "zod";

/** The section. Names and defaults are those users have. */
export const TracingSection = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .meta({ env: "TRACING_ENABLED" })
      .describe(
        "traces requests over all services, as exporter says; where it is off it costs nothing",
      ),
    service_name: z
      .string()
      .default("s3-encryption-gateway")
      .meta({ env: "TRACING_SERVICE_NAME" })
      .describe("service.name of spans"),
    service_version: z
      .string()
      .default("dev")
      .meta({ env: "TRACING_SERVICE_VERSION" })
      .describe("service.version of spans; dev: the gateway's own version"),
    exporter: z
      .enum(["none", "stdout", "jaeger", "otlp"])
      .default("none")
      .meta({ env: "TRACING_EXPORTER" })
      .describe(
        "where spans go: otlp_endpoint, stdout (a line of the log each), none; jaeger: its own protocol is gone, so OTLP to the host of jaeger_endpoint",
      ),
    jaeger_endpoint: z
      .string()
      .optional()
      .meta({ env: "TRACING_JAEGER_ENDPOINT" })
      .describe(
        "URL of Jaeger; its former path /api/traces stands for the port and path of OTLP, 4318 and /v1/traces",
      ),
    otlp_endpoint: z
      .string()
      .optional()
      .meta({ env: "TRACING_OTLP_ENDPOINT" })
      .describe(
        "OTLP receiver: HOST:PORT or grpc:// for gRPC without TLS, grpcs:// with it; http:// or https:// for OTLP over HTTP, /v1/traces where there is no path",
      ),
    sampling_ratio: z
      .number()
      .min(0)
      .max(1)
      .default(1)
      .meta({ env: "TRACING_SAMPLING_RATIO" })
      .describe("share of requests that are traced, 0 to 1"),
    client_traceparent: z
      .enum(["ignore", "join", "obey"])
      .default("join")
      .meta({ env: "TRACING_CLIENT_TRACEPARENT" })
      .describe(
        "what a client's traceparent header does: nothing; the request joins that trace, by sampling_ratio; or it also decides whether it is traced",
      ),
    tell_backend: z
      .boolean()
      .default(false)
      .meta({ env: "TRACING_TELL_BACKEND" })
      .describe("sends traceparent to the backend too, unsigned"),
    redact_sensitive: z
      .boolean()
      .default(true)
      .meta({ env: "TRACING_REDACT_SENSITIVE" })
      .describe("leaves object keys, and addresses and programs of clients, out of spans"),
  })
  .superRefine(({ enabled, exporter, jaeger_endpoint, otlp_endpoint }, context) => {
    const wrong = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: [path], message });
    if (!enabled) return;
    if (exporter === "jaeger" && !isEndpoint(jaeger_endpoint)) {
      wrong("jaeger_endpoint", "must be a URL where exporter is jaeger");
    }
    if (exporter === "otlp" && !isEndpoint(otlp_endpoint)) {
      wrong("otlp_endpoint", "must be HOST:PORT or a URL where exporter is otlp");
    }
  })
  .prefault({});

/** The section, parsed. */
export type TracingSettings = z.infer<typeof TracingSection>;

/** The receiver that the settings name, as `openSpanMaker` takes it; undefined where spans go elsewhere. */
export function otlpEndpointOf(settings: TracingSettings): URL | undefined {
  const { exporter, otlp_endpoint, jaeger_endpoint } = settings;
  if (exporter === "otlp") return parseEndpoint(otlp_endpoint);
  return exporter === "jaeger" ? parseEndpoint(jaeger_endpoint, "/api/traces") : undefined;
}

function isEndpoint(text: string | undefined): boolean {
  const url = parseEndpoint(text);
  return url !== undefined && /^(?:https?|grpcs?):$/.test(url.protocol) && url.hostname !== "";
}

/** `formerPath`: of a protocol whose port is not OTLP's. */
function parseEndpoint(text = "", formerPath?: string): URL | undefined {
  const full = text.includes("://") ? text : `grpc://${text}`;
  if (!URL.canParse(full)) return undefined;
  const url = new URL(full);
  if (!url.protocol.startsWith("http")) return url;
  if (url.pathname === formerPath) url.port = "4318";
  if (url.pathname === "/" || url.pathname === formerPath) url.pathname = "/v1/traces";
  return url;
}
