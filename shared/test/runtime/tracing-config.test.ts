import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { loadConfig } from "../../src/runtime/config.ts";
import { otlpEndpointOf, TracingSection } from "../../src/runtime/tracing-config.ts";

const load = (env: Record<string, string>) =>
  loadConfig(z.strictObject({ tracing: TracingSection }), { env }).tracing;

describe("the tracing section", () => {
  it("has the defaults that users know", () => {
    assert.deepEqual(load({}), {
      enabled: false,
      service_name: "s3-encryption-gateway",
      service_version: "dev",
      exporter: "none",
      sampling_ratio: 1,
      client_traceparent: "join",
      tell_backend: false,
      redact_sensitive: true,
    });
  });

  it("takes every variable", () => {
    const given = load({
      TRACING_ENABLED: "true",
      TRACING_SERVICE_NAME: "a",
      TRACING_SERVICE_VERSION: "1",
      TRACING_EXPORTER: "otlp",
      TRACING_JAEGER_ENDPOINT: "http://jaeger:14268/api/traces",
      TRACING_OTLP_ENDPOINT: "otlp:4317",
      TRACING_SAMPLING_RATIO: "0.25",
      TRACING_CLIENT_TRACEPARENT: "obey",
      TRACING_TELL_BACKEND: "true",
      TRACING_REDACT_SENSITIVE: "false",
    });
    assert.deepEqual(given, {
      enabled: true,
      service_name: "a",
      service_version: "1",
      exporter: "otlp",
      jaeger_endpoint: "http://jaeger:14268/api/traces",
      otlp_endpoint: "otlp:4317",
      sampling_ratio: 0.25,
      client_traceparent: "obey",
      tell_backend: true,
      redact_sensitive: false,
    });
  });

  for (const [env, named] of [
    [{ TRACING_SAMPLING_RATIO: "1.5" }, /TRACING_SAMPLING_RATIO/],
    [{ TRACING_EXPORTER: "zipkin" }, /TRACING_EXPORTER/],
    [{ TRACING_ENABLED: "true", TRACING_EXPORTER: "otlp" }, /otlp_endpoint/],
    [{ TRACING_ENABLED: "true", TRACING_EXPORTER: "jaeger" }, /jaeger_endpoint/],
    [
      { TRACING_ENABLED: "true", TRACING_EXPORTER: "otlp", TRACING_OTLP_ENDPOINT: "ftp://a" },
      /otlp_endpoint/,
    ],
    [{ TRACING_CLIENT_TRACEPARENT: "trust" }, /TRACING_CLIENT_TRACEPARENT/],
  ] as const) {
    it(`refuses ${JSON.stringify(env)}`, () => {
      assert.throws(() => load(env), named);
    });
  }

  for (const [exporter, given, endpoint] of [
    ["otlp", "collector:4317", "grpc://collector:4317"],
    ["otlp", "grpc://collector:4317", "grpc://collector:4317"],
    ["otlp", "grpcs://collector:4317", "grpcs://collector:4317"],
    ["otlp", "http://collector:4318", "http://collector:4318/v1/traces"],
    ["otlp", "https://collector/otlp/v1/traces", "https://collector/otlp/v1/traces"],
    ["jaeger", "http://jaeger:14268/api/traces", "http://jaeger:4318/v1/traces"],
    ["jaeger", "http://jaeger:4318", "http://jaeger:4318/v1/traces"],
    ["stdout", "collector:4317", undefined],
  ] as const) {
    it(`with exporter ${exporter} and endpoint ${given} sends to ${endpoint}`, () => {
      const name = exporter === "jaeger" ? "TRACING_JAEGER_ENDPOINT" : "TRACING_OTLP_ENDPOINT";
      const env = { TRACING_ENABLED: "true", TRACING_EXPORTER: exporter, [name]: given };
      assert.equal(otlpEndpointOf(load(env))?.href, endpoint);
    });
  }
});
