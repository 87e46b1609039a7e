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
});
