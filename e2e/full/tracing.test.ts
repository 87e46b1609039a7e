/** Each role in a process of its own, NATS between them, and a real Jaeger to which all of them send their spans: one request is one trace. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { s3ClientOf } from "../clients/s3-client.ts";
import { type Gateway, startDistributed, startGateway } from "../gateway.ts";
import { type Jaeger, type ReceivedSpan, startJaeger } from "../servers/jaeger.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { startVersitygw } from "../servers/versitygw.ts";

const Bucket = "traced";
const Key = "a-name-that-no-span-may-tell";
const SERVICE = "gateway-under-test";
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const WAIT_MS = 30_000;

/** What is traced, and to whom it is told. */
function envOf(endpoint: string): Record<string, string> {
  return {
    TRACING_ENABLED: "true",
    TRACING_EXPORTER: "otlp",
    TRACING_OTLP_ENDPOINT: endpoint,
    TRACING_SERVICE_NAME: SERVICE,
    // A signature that covered it would be refused, if anything on the way changed it.
    TRACING_TELL_BACKEND: "true",
    AUDIT_ENABLED: "true",
  };
}

describe("traces of edge, crypto, keys and audit over NATS", () => {
  const servers = new AsyncDisposableStack();
  let jaeger: Jaeger;
  let backend: S3Server;
  let gateway: Gateway;
  let s3: S3Client;

  before(async () => {
    jaeger = servers.use(await startJaeger());
    backend = servers.use(await startVersitygw());
    const env = envOf(jaeger.grpcAddress);
    gateway = servers.use(await startDistributed({ backend, env }, { cryptos: 1 }));
    s3 = s3ClientOf(gateway);
    servers.defer(() => s3.destroy());
    await s3.send(new CreateBucketCommand({ Bucket }));
  });
  after(() => servers.disposeAsync());

  it("one PUT is one trace, each step below the one that asked for it, in the client's own trace", async () => {
    const traced = s3ClientOf(gateway);
    using _closing = { [Symbol.dispose]: () => traced.destroy() };
    traced.middlewareStack.add(
      (next) => async (args) => {
        const { headers } = args.request as { headers: Record<string, string> };
        headers.traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
        return await next(args);
      },
      { step: "build" },
    );
    await traced.send(new PutObjectCommand({ Bucket, Key, Body: "x".repeat(100_000) }));
    const trace = await traceOf(jaeger, { root: "S3 PutObject", spans: 9 });
    deepEqual(trace.tree, [
      "S3 PutObject (edge)",
      " ask audit.operation.record (edge)",
      "  answer audit.operation.record (audit)",
      " authenticate (edge)",
      " send seal-object (edge)",
      "  take seal-object (crypto)",
      "   ask keys.data-key.issue (crypto)",
      "    answer keys.data-key.issue (keys)",
      "   backend PUT (crypto)",
    ]);
    deepEqual(new Set(trace.spans.map(({ traceId }) => traceId)), new Set([TRACE]));
  });

  it("one GET is one trace, with what audit heard of it", async () => {
    const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
    equal((await got.Body?.transformToString())?.length, 100_000);
    const { tree } = await traceOf(jaeger, { root: "S3 GetObject", spans: 9 });
    deepEqual(tree, [
      "S3 GetObject (edge)",
      " announce audit.operation.done (edge)",
      "  hear audit.operation.done (audit)",
      " authenticate (edge)",
      " fetch open-object (edge)",
      "  give open-object (crypto)",
      "   ask keys.data-key.unwrap (crypto)",
      "    answer keys.data-key.unwrap (keys)",
      "   backend GET (crypto)",
    ]);
  });

  it("hold no name of an object, and nothing secret", async () => {
    const text = JSON.stringify(await jaeger.spans(SERVICE));
    ok(text.includes(Bucket));
    for (const secret of [Key, gateway.secretKey, backend.secretKey, "Signature", "AWS4-"]) {
      ok(!text.includes(secret));
    }
  });

  it("are the ones that a share of requests is told to have, over HTTP too", async () => {
    const env = { ...envOf(jaeger.httpUrl), TRACING_SAMPLING_RATIO: "0.5" };
    const service = { TRACING_SERVICE_NAME: `${SERVICE}-half` };
    await using half = await startGateway({ backend, env: { ...env, ...service } });
    const client = s3ClientOf(half);
    using _closing = { [Symbol.dispose]: () => client.destroy() };
    await client.send(new PutObjectCommand({ Bucket, Key, Body: "x" }));
    const requests = 200;
    for (let n = 0; n < requests; n++) await client.send(new HeadObjectCommand({ Bucket, Key }));
    await half[Symbol.asyncDispose]();
    const spans = await jaeger.spans(`${SERVICE}-half`);
    const traced = spans.filter(({ name }) => name === "S3 HeadObject").length;
    // One in a million billion runs is further from half than this.
    ok(traced > 0.22 * requests && traced < 0.78 * requests, `${traced} of ${requests}`);
    for (const { name, parentSpanId } of spans) {
      ok(name.startsWith("S3 ") || spans.some(({ spanId }) => spanId === parentSpanId), name);
    }
  });
});

/** Waits until the trace of the first such request is whole: all processes send theirs on their own. */
async function traceOf(
  jaeger: Jaeger,
  wanted: { root: string; spans: number },
): Promise<{ tree: string[]; spans: readonly ReceivedSpan[] }> {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const all = await jaeger.spans(SERVICE);
    const root = all.find(({ name }) => name === wanted.root);
    const spans = all.filter(({ traceId }) => traceId === root?.traceId);
    if (root && spans.length >= wanted.spans) return { tree: below(root, spans, ""), spans };
    if (Date.now() > deadline) {
      const names = spans.map(({ name }) => name).join(", ");
      throw new Error(`the trace of ${wanted.root} is not whole: ${names}`);
    }
    await sleep(200);
  }
}

/** A span and what is part of it, a line each. */
function below(span: ReceivedSpan, all: readonly ReceivedSpan[], indent: string): string[] {
  const parts = all
    .filter(({ parentSpanId }) => parentSpanId === span.spanId)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const lines = parts.flatMap((part) => below(part, all, `${indent} `));
  return [`${indent}${span.name} (${span.roles})`, ...lines];
}
