import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withoutMetadata } from "../../src/backend/metadata-filter.ts";
import { keptBackend } from "./kept-backend.ts";

describe("withoutMetadata", () => {
  it("keeps the named user metadata from the backend, and nothing else", async () => {
    const { backend, sent } = keptBackend();
    const headers = { "x-amz-meta-a": "1", "x-amz-meta-b": "2", "x-amz-meta-c": "3", a: "4" };
    const request = { method: "PUT", bucket: "b", key: "k", headers, requestId: "r" } as const;
    const filtered = withoutMetadata(backend, ["a", "x-amz-meta-b"]);
    assert.equal((await filtered.send(request)).status, 200);
    assert.deepEqual(sent, [{ ...request, headers: { "x-amz-meta-c": "3", a: "4" } }]);
    await filtered.send({ method: "GET", bucket: "b", requestId: "r" });
    assert.deepEqual(sent[1]?.headers, {});
  });

  it("is the backend itself where nothing is named, and closes it", async () => {
    const { backend, isClosed } = keptBackend();
    assert.equal(withoutMetadata(backend, []), backend);
    await withoutMetadata(backend, ["a"])[Symbol.asyncDispose]();
    assert.equal(isClosed(), true);
  });
});
