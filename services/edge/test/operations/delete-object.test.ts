import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { answer } from "../memory-backend.ts";
import { runningEdge } from "../running-edge.ts";

describe("DeleteObject", () => {
  it("asks the backend for it, with version and condition, and passes on what became of it", async () => {
    await using edge = await runningEdge();
    edge.backend.intercept = ({ method }) =>
      method === "DELETE"
        ? answer(204, { "x-amz-delete-marker": "true", "x-amz-version-id": "v2", server: "x" })
        : undefined;
    const headers = { "if-match": `"${"a".repeat(32)}-0"`, "x-amz-mfa": "1 2" };
    const path = "/photos/cat?versionId=v1&x-id=DeleteObject";
    const deleted = await edge.send({ method: "DELETE", path, headers });
    const { request } = edge.backend.last("DELETE");
    assert.deepEqual([request.bucket, request.key], ["photos", "cat"]);
    assert.deepEqual(request.query, [["versionId", "v1"]]);
    assert.deepEqual(request.headers, { ...headers, "if-match": `"${"a".repeat(32)}"` });
    assert.equal(deleted.status, 204);
    assert.equal(deleted.headers["x-amz-delete-marker"], "true");
    assert.equal(deleted.headers["x-amz-version-id"], "v2");
    assert.equal(deleted.headers.server, "s3-encryption-gateway");
  });

  it("does not let the backend compare a client's size with a stored one", async () => {
    await using edge = await runningEdge();
    await edge.send({ method: "PUT", path: "/photos/cat", body: "0123456789" });
    const headers = { "x-amz-if-match-size": "10" };
    const { status } = await edge.send({ method: "DELETE", path: "/photos/cat", headers });
    assert.equal(status, 204);
    const { request } = edge.backend.last("DELETE");
    assert.deepEqual(Object.keys(request.headers ?? {}), ["if-match"]);
  });
});
