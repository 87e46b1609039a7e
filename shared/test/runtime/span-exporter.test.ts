import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { createLog } from "../../src/runtime/log.ts";
import { openSpanMaker, type SpanTarget } from "../../src/runtime/span-exporter.ts";

interface Line {
  readonly msg: string;
  readonly span?: Readonly<Record<string, unknown>>;
  readonly spans?: number;
}

function keptLog() {
  const lines: Line[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Line) };
  return { lines, log: createLog({ service: "test", level: "info", destination }) };
}

/** A request with one part, which fails. */
async function sendTwoSpans(target: SpanTarget): Promise<string> {
  await using maker = openSpanMaker(target, { "service.name": "gateway-under-test" });
  const root = maker.start({ name: "first", kind: "server" }, undefined);
  root.rename("S3 PutObject");
  const part = { name: "ask keys", kind: "client", attributes: { a: 1 } } as const;
  maker.start(part, root.traceparent).end({ error: new TypeError("never shown") });
  root.set({ "http.response.status_code": 200 });
  root.end();
  root.end({ error: new Error("ended already") });
  return root.traceparent;
}

describe("openSpanMaker", () => {
  it("writes a line of the log for each span, where there is no receiver", async () => {
    const { lines, log } = keptLog();
    const [, traceId = "", spanId = ""] = (await sendTwoSpans({ log })).split("-");
    assert.match(`${traceId} ${spanId}`, /^[0-9a-f]{32} [0-9a-f]{16}$/);
    const spans = lines.map(({ span }) => ({ ...span, milliseconds: 0, spanId: "" }));
    assert.deepEqual(spans, [
      {
        traceId,
        spanId: "",
        parentSpanId: spanId,
        name: "ask keys",
        kind: "client",
        attributes: { a: 1, "error.type": "TypeError" },
        milliseconds: 0,
      },
      {
        traceId,
        spanId: "",
        name: "S3 PutObject",
        kind: "server",
        attributes: { "http.response.status_code": 200 },
        milliseconds: 0,
      },
    ]);
    assert.ok(!JSON.stringify(lines).includes("never shown"));
  });

  it("sends protobuf over HTTP, before it ends", async () => {
    const got: { url: string | undefined; type: string | undefined; body: Buffer }[] = [];
    const server = createServer((req, res) => {
      const pieces: Buffer[] = [];
      req.on("data", (piece: Buffer) => pieces.push(piece));
      req.on("end", () => {
        const body = Buffer.concat(pieces);
        got.push({ url: req.url, type: req.headers["content-type"], body });
        res.end();
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const otlp = new URL(`http://127.0.0.1:${port}/v1/traces`);
    const { lines, log } = keptLog();
    const traceparent = await sendTwoSpans({ otlp, log });
    server.close();
    const [{ url, type, body } = { url: "", type: "", body: Buffer.alloc(0) }] = got;
    assert.deepEqual([got.length, url, type], [1, "/v1/traces", "application/x-protobuf"]);
    const [, traceId = ""] = traceparent.split("-");
    for (const part of ["gateway-under-test", "S3 PutObject", "ask keys"]) {
      assert.ok(body.includes(part), part);
    }
    assert.ok(body.includes(Buffer.from(traceId, "hex")));
    assert.ok(!body.includes("never shown"));
    assert.deepEqual(lines, []);
  });

  it("sends to the trace service over gRPC", async () => {
    const paths: unknown[] = [];
    const server = createHttp2Server();
    server.on("stream", (stream, headers) => {
      paths.push(headers[":path"]);
      stream.respond(
        { ":status": 200, "content-type": "application/grpc" },
        { waitForTrailers: true },
      );
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.resume().on("end", () => stream.end(Buffer.alloc(5)));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const { lines, log } = keptLog();
    await sendTwoSpans({ otlp: new URL(`grpc://127.0.0.1:${port}`), log });
    server.close();
    assert.deepEqual(paths, ["/opentelemetry.proto.collector.trace.v1.TraceService/Export"]);
    assert.deepEqual(lines, []);
  });

  it("does not wait at its end for a receiver that says nothing", async () => {
    const server = createServer(() => undefined);
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const { log } = keptLog();
    const target = { otlp: new URL(`http://127.0.0.1:${port}/v1/traces`), log };
    const maker = openSpanMaker(target, {}, { lastMs: 50 });
    const asked = once(server, "request");
    maker.start({ name: "waits", kind: "server" }, undefined).end();
    const ended = maker[Symbol.asyncDispose]();
    await asked;
    await ended;
    server.closeAllConnections();
    server.close();
  });

  it("tells of spans that a receiver does not take", async () => {
    const server = createServer((_, res) => res.writeHead(400).end());
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const { lines, log } = keptLog();
    await sendTwoSpans({ otlp: new URL(`http://127.0.0.1:${port}/v1/traces`), log });
    server.close();
    assert.deepEqual(
      lines.map(({ msg, spans }) => [msg, spans]),
      [["spans were lost", 2]],
    );
  });
});
