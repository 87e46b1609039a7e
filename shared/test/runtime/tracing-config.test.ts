import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { loadConfig } from "../../src/runtime/config.ts";
import { TracingSection } from "../../src/runtime/tracing-config.ts";

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
      TRACING_REDACT_SENSITIVE: "false",
    });
    assert.deepEqual(
      [given.exporter, given.sampling_ratio, given.redact_sensitive],
      ["otlp", 0.25, false],
    );
  });

  for (const [env, named] of [
    [{ TRACING_SAMPLING_RATIO: "1.5" }, /TRACING_SAMPLING_RATIO/],
    [{ TRACING_EXPORTER: "zipkin" }, /TRACING_EXPORTER/],
    [{ TRACING_ENABLED: "true", TRACING_EXPORTER: "otlp" }, /otlp_endpoint/],
    [{ TRACING_ENABLED: "true", TRACING_EXPORTER: "jaeger" }, /jaeger_endpoint/],
  ] as const) {
    it(`refuses ${JSON.stringify(env)}`, () => {
      assert.throws(() => load(env), named);
    });
  }
});
