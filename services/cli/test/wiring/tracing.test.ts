import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { LocalTransfers } from "@s3eg/shared/http/local-transfer.ts";
import { loadConfig } from "@s3eg/shared/runtime/config.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { TracingSection } from "@s3eg/shared/runtime/tracing-config.ts";
import { z } from "zod";
import { openTracedWays } from "../../src/wiring/tracing.ts";

interface Line {
  readonly msg: string;
  readonly endpoint?: string;
}

async function opened(env: Record<string, string>) {
  const lines: Line[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Line) };
  const log = createLog({ service: "test", level: "info", destination });
  const { tracing: settings } = loadConfig(z.strictObject({ tracing: TracingSection }), { env });
  const stack = new AsyncDisposableStack();
  const roles = new Set(["edge", "crypto"]);
  const ways = await openTracedWays(settings, { roles, stack, log });
  return { ways, log, lines, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

describe("openTracedWays", () => {
  for (const env of [{}, { TRACING_ENABLED: "true" }]) {
    it(`leaves everything as it is with ${JSON.stringify(env)}`, async () => {
      await using open = await opened(env);
      const { ways, log, lines } = open;
      const bus = new MemoryBus({ log });
      const local = new LocalTransfers({ log });
      assert.equal(ways.tracing, undefined);
      assert.equal(ways.bus(bus), bus);
      assert.equal(ways.asking(local), local);
      assert.equal(ways.answering(local), local);
      const told = lines.map(({ msg }) => msg);
      const expected = "tracing is enabled, but tracing.exporter is none: nothing is traced";
      assert.deepEqual(told, "TRACING_ENABLED" in env ? [expected] : []);
    });
  }

  it("traces by the rules of the settings, into the log", async () => {
    const lines = await (async () => {
      await using open = await opened({
        TRACING_ENABLED: "true",
        TRACING_EXPORTER: "stdout",
        TRACING_SAMPLING_RATIO: "0.5",
        TRACING_CLIENT_TRACEPARENT: "obey",
        TRACING_REDACT_SENSITIVE: "false",
      });
      const { tracing } = open.ways;
      assert.deepEqual(tracing?.rules, {
        samplingRatio: 0.5,
        clientTraceparent: "obey",
        showsSensitive: true,
      });
      const client = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
      tracing.request({ name: "S3", kind: "server", client }, () => tracing.current?.end());
      return open.lines;
    })();
    assert.deepEqual(
      lines.map(({ msg }) => msg),
      ["span"],
    );
  });

  it("says what becomes of a Jaeger endpoint", async () => {
    await using open = await opened({
      TRACING_ENABLED: "true",
      TRACING_EXPORTER: "jaeger",
      TRACING_JAEGER_ENDPOINT: "http://jaeger:14268/api/traces",
    });
    const [line] = open.lines;
    assert.match(line?.msg ?? "", /^tracing.exporter jaeger: spans go as OTLP/);
    assert.equal(line?.endpoint, "http://jaeger:4318/v1/traces");
  });
});
