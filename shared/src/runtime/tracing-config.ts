/** `tracing`: spans of requests, sent to a collector. */
import { z } from "zod";
import { NOT_YET } from "./without-effect.ts";

/** The section. Names and defaults are those users have. */
export const TracingSection = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .meta({ env: "TRACING_ENABLED" })
      .describe(`${NOT_YET}: sends spans`),
    service_name: z
      .string()
      .default("s3-encryption-gateway")
      .meta({ env: "TRACING_SERVICE_NAME" })
      .describe(`${NOT_YET}: name of the service in spans`),
    service_version: z
      .string()
      .default("dev")
      .meta({ env: "TRACING_SERVICE_VERSION" })
      .describe(`${NOT_YET}: version of the service in spans`),
    exporter: z
      .enum(["none", "stdout", "jaeger", "otlp"])
      .default("none")
      .meta({ env: "TRACING_EXPORTER" })
      .describe(`${NOT_YET}: where spans go`),
    jaeger_endpoint: z
      .string()
      .optional()
      .meta({ env: "TRACING_JAEGER_ENDPOINT" })
      .describe(`${NOT_YET}: URL of the Jaeger collector`),
    otlp_endpoint: z
      .string()
      .optional()
      .meta({ env: "TRACING_OTLP_ENDPOINT" })
      .describe(`${NOT_YET}: address of the OTLP receiver`),
    sampling_ratio: z
      .number()
      .min(0)
      .max(1)
      .default(1)
      .meta({ env: "TRACING_SAMPLING_RATIO" })
      .describe(`${NOT_YET}: share of requests that are traced, 0 to 1`),
    redact_sensitive: z
      .boolean()
      .default(true)
      .meta({ env: "TRACING_REDACT_SENSITIVE" })
      .describe(`${NOT_YET}: leaves object keys out of spans`),
  })
  .refine(
    ({ enabled, exporter, jaeger_endpoint }) => {
      return !enabled || exporter !== "jaeger" || jaeger_endpoint !== undefined;
    },
    { path: ["jaeger_endpoint"], message: "is required where exporter is jaeger" },
  )
  .refine(
    ({ enabled, exporter, otlp_endpoint }) => {
      return !enabled || exporter !== "otlp" || otlp_endpoint !== undefined;
    },
    { path: ["otlp_endpoint"], message: "is required where exporter is otlp" },
  )
  .prefault({});
