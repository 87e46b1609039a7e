import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pinningCopies } from "../../src/backend/copy-pin.ts";
import { keptBackend } from "./kept-backend.ts";

describe("pinningCopies", () => {
  it("says the condition on a copy's source under Ceph's name too, and closes the backend", async () => {
    const { backend, sent, isClosed } = keptBackend();
    const pinning = pinningCopies(backend);
    const asked = { method: "PUT", bucket: "b", key: "k", requestId: "r" } as const;
    const pin = { "x-amz-copy-source": "b/k", "x-amz-copy-source-if-match": '"e"' };
    assert.equal((await pinning.send({ ...asked, headers: pin })).status, 200);
    await pinning.send({ ...asked, headers: { "if-match": '"e"' } });
    await pinning.send(asked);
    const [pinned, ...others] = sent.map(({ headers }) => headers);
    assert.deepEqual(pinned, { ...pin, "x-amz-copy-if-match": '"e"' });
    assert.deepEqual(others, [{ "if-match": '"e"' }, undefined]);
    await pinning[Symbol.asyncDispose]();
    assert.equal(isClosed(), true);
  });
});
