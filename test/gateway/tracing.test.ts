/** Traces of a whole gateway, as its log tells them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { auditedGateway } from "./audited-gateway.ts";
import { BUCKET, type RunningGateway, runningGateway } from "./running-gateway.ts";
import { MIN_PART, Uploading } from "./uploading.ts";
import { pathOf } from "./wire-client.ts";

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

const env = { TRACING_ENABLED: "true", TRACING_EXPORTER: "stdout" };
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const K = pathOf(BUCKET, "hidden-name");

/** The traces so far of operations, each as lines indented below what they are part of. */
function tracesOf({ lines }: RunningGateway): ReadonlyMap<string, { tree: string; root: Span }> {
  const spans = lines.flatMap((line) => {
    const { msg, span } = JSON.parse(line) as { msg: string; span?: Span };
    return msg === "span" && span ? [span] : [];
  });
  const below = (parent: Span, depth: number): string =>
    spans
      .filter(({ parentSpanId }) => parentSpanId === parent.spanId)
      .map((span) => `${" ".repeat(depth)}${span.name}\n${below(span, depth + 1)}`)
      .sort()
      .join("");
  const roots = spans.filter(({ name }) => name.startsWith("S3 "));
  for (const { traceId, parentSpanId, name } of spans) {
    const isRoot = roots.some((root) => root.traceId === traceId && root.name === name);
    const hasParent = spans.some(({ spanId }) => spanId === parentSpanId);
    assert.ok(isRoot || hasParent, `${name} hangs in the air`);
  }
  return new Map(roots.map((root) => [root.name, { tree: below(root, 0), root }]));
}

const SEALED = ["ask audit.operation.record", " answer audit.operation.record", "authenticate"];
const PUT = [
  ...SEALED,
  "send seal-object",
  " take seal-object",
  "  ask keys.data-key.issue",
  "   answer keys.data-key.issue",
  "  backend PUT",
];
const GET = [
  "announce audit.operation.done",
  " hear audit.operation.done",
  "authenticate",
  "fetch open-object",
  " give open-object",
  "  ask keys.data-key.unwrap",
  "   answer keys.data-key.unwrap",
  "  backend GET",
];

describe("the trace of a request", () => {
  it("has all that was done for it, each where it belongs, and no object's name", async () => {
    await using audited = await auditedGateway({ env });
    const { gateway } = audited;
    const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
    await gateway.client.send("PUT", K, { body: "x", headers: { traceparent } });
    const got = await gateway.client.send("GET", K);
    const upload = await Uploading.begin(gateway, "hidden-upload");
    const part = await upload.part(1, Buffer.alloc(MIN_PART));
    await upload.complete([part]);
    await gateway.stop();
    const traces = tracesOf(gateway);
    const treeOf = (operation: string) => traces.get(`S3 ${operation}`)?.tree.trimEnd().split("\n");
    assert.deepEqual(treeOf("PutObject"), PUT);
    assert.deepEqual(treeOf("GetObject"), GET);
    for (const operation of ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"]) {
      assert.ok((treeOf(operation)?.length ?? 0) > 5, operation);
    }
    assert.equal(traces.get("S3 PutObject")?.root.traceId, TRACE);
    const { attributes } = traces.get("S3 GetObject")?.root ?? {};
    assert.equal(attributes?.["aws.request_id"], got.headers["x-amz-request-id"]);
    assert.equal(attributes?.["aws.s3.bucket"], BUCKET);
    const spans = gateway.lines.filter((line) => line.includes('"msg":"span"'));
    assert.ok(!spans.some((line) => line.includes("hidden-")));
  });

  it("is told to the backend only where that is wanted, and then the backend takes the signature all the same", async () => {
    await using gateway = await runningGateway({ env: { ...env, TRACING_TELL_BACKEND: "true" } });
    assert.equal((await gateway.client.send("PUT", K, { body: "x" })).status, 200);
    assert.equal((await gateway.client.send("GET", K)).text, "x");
  });

  it("is not there where tracing is off", async () => {
    await using gateway = await runningGateway();
    assert.equal((await gateway.client.send("PUT", K, { body: "x" })).status, 200);
    await gateway.stop();
    assert.ok(!gateway.lines.some((line) => /"span"|traceId/.test(line)));
  });
});
