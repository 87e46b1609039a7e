import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { type Attributes, failureCode, Tracing } from "@s3eg/shared/runtime/tracing.ts";
import { runningEdge, type Sending } from "./running-edge.ts";

interface Told {
  name: string;
  parent: string | undefined;
  attributes: Attributes;
  ended?: string;
}

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

/** An edge whose spans are kept. */
async function tracedEdge(rules: { ratio?: number; showsSensitive?: boolean } = {}) {
  const spans: Told[] = [];
  const maker = {
    start({ name, attributes = {} }: { name: string; attributes?: Attributes }, parent?: string) {
      const told: Told = { name, parent, attributes };
      const number = spans.push(told).toString(16);
      const traceId = parent?.split("-")[1] ?? number.padStart(32, "0");
      return {
        traceId,
        traceparent: `00-${traceId}-${number.padStart(16, "0")}-01`,
        rename(renamed: string) {
          told.name = renamed;
        },
        set(more: Attributes) {
          told.attributes = { ...told.attributes, ...more };
        },
        end(failure?: { error: unknown }) {
          told.ended ??= failure ? failureCode(failure.error) : "ok";
        },
      };
    },
    async [Symbol.asyncDispose]() {},
  };
  const { ratio: samplingRatio = 1, showsSensitive = false } = rules;
  const clientTraceparent = "join" as const;
  const tracing = new Tracing(maker, { samplingRatio, clientTraceparent, showsSensitive });
  return { spans, edge: await runningEdge({ tracing }) };
}

const put: Sending = { method: "PUT", path: "/photos/cat", body: "meow" };

describe("the span of a request", () => {
  it("says which operation it was and how it ended, and names no object", async () => {
    const { spans, edge } = await tracedEdge();
    await using _ = edge;
    const { headers } = await edge.send(put);
    const [request, authenticate] = spans;
    assert.deepEqual(request, {
      name: "S3 PutObject",
      parent: undefined,
      attributes: {
        "rpc.system": "aws-api",
        "rpc.service": "S3",
        "rpc.method": "PutObject",
        "aws.request_id": headers["x-amz-request-id"],
        "aws.s3.bucket": "photos",
        "http.request.method": "PUT",
        "http.response.status_code": 200,
        "http.request.body.size": 4,
        "http.response.body.size": 0,
      },
      ended: "ok",
    });
    assert.equal(authenticate?.name, "authenticate");
    assert.match(authenticate?.parent ?? "", /-0000000000000001-01$/);
    assert.equal(edge.log.lines.at(-1)?.fields.traceId, "1".padStart(32, "0"));
  });

  it("names object, address and program of the client where that is wanted", async () => {
    const { spans, edge } = await tracedEdge({ showsSensitive: true });
    await using _ = edge;
    await edge.send({ ...put, headers: { "user-agent": "tester/1" } });
    const { attributes } = spans[0] ?? {};
    assert.deepEqual(
      [attributes?.["aws.s3.key"], attributes?.["client.address"]],
      ["cat", "127.0.0.1"],
    );
    assert.equal(attributes?.["user_agent.original"], "tester/1");
  });

  it("belongs to the trace that the client names", async () => {
    const { spans, edge } = await tracedEdge();
    await using _ = edge;
    const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
    await edge.send({ ...put, headers: { traceparent } });
    assert.equal(spans[0]?.parent, traceparent);
    assert.equal(edge.log.lines.at(-1)?.fields.traceId, TRACE);
  });

  it("fails with what was thrown if that is the gateway's, and not for what a client did wrong", async () => {
    const { spans, edge } = await tracedEdge();
    await using _ = edge;
    edge.crypto.fault = new Fault("crypto.integrity", "chunk does not verify");
    await edge.send({ method: "GET", path: "/photos/cat" });
    await edge.sendUnsigned(put);
    const requests = spans.filter(({ name }) => name.startsWith("S3 "));
    assert.deepEqual(
      requests.map(({ name, attributes, ended }) => [name, attributes["s3eg.error_code"], ended]),
      [
        ["S3 GetObject", "InternalError", "crypto.integrity"],
        ["S3 Unknown", "AccessDenied", "ok"],
      ],
    );
  });

  it("is not there for requests that are not sampled, nor for probes", async () => {
    const unsampled = await tracedEdge({ ratio: 0 });
    await using _ = unsampled.edge;
    await unsampled.edge.send(put);
    assert.deepEqual(unsampled.spans, []);
    assert.equal(unsampled.edge.log.lines.at(-1)?.fields.traceId, undefined);
    const { spans, edge } = await tracedEdge();
    await using __ = edge;
    await edge.sendUnsigned({ method: "GET", path: "/healthz" });
    assert.deepEqual(spans, []);
  });
});
