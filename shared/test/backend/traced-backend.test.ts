import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Backend, BackendRequest } from "../../src/backend/backend.ts";
import { tracedBackend } from "../../src/backend/traced-backend.ts";
import { Fault } from "../../src/faults.ts";
import { bodyOfBytes } from "../../src/http/body.ts";
import { KeptSpans } from "../runtime/kept-spans.ts";

const request = { name: "S3", kind: "server", client: undefined } as const;
const asked = { method: "GET", bucket: "b", key: "secret", requestId: "r" } as const;

function backendThatKeeps(seen: BackendRequest[], status = 200): Backend {
  return {
    async send(sent) {
      seen.push(sent);
      if (status === 0) throw new Fault("backend.unavailable", "away");
      return { status, headers: {}, body: bodyOfBytes(Buffer.alloc(0)), text: async () => "" };
    },
    async [Symbol.asyncDispose]() {},
  };
}

describe("tracedBackend", () => {
  it("makes a span of each request, with method and status and nothing of what it is about", async () => {
    const kept = new KeptSpans();
    const tracing = kept.tracing();
    const seen: BackendRequest[] = [];
    for (const status of [404, 0]) {
      await using backend = tracedBackend(backendThatKeeps(seen, status), tracing, {
        tellsBackend: false,
      });
      await tracing.request(request, () => backend.send(asked)).catch(() => undefined);
    }
    assert.deepEqual(
      kept.told.filter((line) => line.startsWith("backend")),
      ["backend GET < S3: ok", "backend GET < S3: backend.unavailable"],
    );
    assert.deepEqual(kept.spans[1]?.attributes, {
      "http.request.method": "GET",
      "http.response.status_code": 404,
    });
    assert.deepEqual(seen, [asked, asked]);
  });

  it("tells the backend of it where that is wanted and the request is traced", async () => {
    const kept = new KeptSpans();
    const tracing = kept.tracing();
    const seen: BackendRequest[] = [];
    await using backend = tracedBackend(backendThatKeeps(seen), tracing, { tellsBackend: true });
    await backend.send(asked);
    await tracing.request(request, () => backend.send(asked));
    const { traceId = "", spanId = "" } = kept.spans[1] ?? {};
    assert.deepEqual(
      seen.map(({ traceparent }) => traceparent),
      [undefined, `00-${traceId}-${spanId}-01`],
    );
  });
});
