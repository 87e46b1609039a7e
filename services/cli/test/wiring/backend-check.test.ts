import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Backend, BackendRequest } from "@s3eg/shared/backend/backend.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { backendCheck } from "../../src/wiring/backend-check.ts";

const { signal } = new AbortController();

/** Answers everything with `status`, and keeps what it was asked. */
function answering(status: number): Backend & { asked: BackendRequest[] } {
  const asked: BackendRequest[] = [];
  return {
    asked,
    async send(request) {
      asked.push(request);
      const body = bodyOfBytes(Buffer.alloc(0));
      return { status, headers: {}, body, text: async () => "" };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

describe("the check of the backend", () => {
  it("asks for a bucket where one is known, else for the list of them", async () => {
    const backend = answering(200);
    await backendCheck(backend, "b")(signal);
    await backendCheck(backend, undefined)(signal);
    assert.deepEqual(
      backend.asked.map(({ method, bucket }) => [method, bucket]),
      [
        ["HEAD", "b"],
        ["GET", undefined],
      ],
    );
  });

  it("takes a refusal for an answer, and a failure for none", async () => {
    for (const status of [200, 403, 404, 501]) await backendCheck(answering(status), "b")(signal);
    for (const status of [500, 502, 503]) {
      await assert.rejects(async () => await backendCheck(answering(status), "b")(signal));
    }
  });

  it("bears with one that has answered a moment ago, and not for long", async () => {
    let nowMs = 0;
    const backend = { ...answering(200), status: 200 };
    backend.send = async () =>
      await answering(backend.status).send({ method: "GET", headers: {}, requestId: "r" });
    const check = backendCheck(backend, "b", () => nowMs);
    await check(signal);
    backend.status = 503;
    nowMs = 15_000;
    await check(signal);
    nowMs = 15_001;
    await assert.rejects(async () => await check(signal));
  });
});
