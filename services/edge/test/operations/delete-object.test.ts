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

  it("does not compare a client's size with a stored one", async () => {
    await using edge = await runningEdge();
    const headers = { "x-amz-if-match-size": "3" };
    const { status, code } = await edge.send({ method: "DELETE", path: "/photos/cat", headers });
    assert.deepEqual([status, code], [501, "NotImplemented"]);
    assert.deepEqual(edge.backend.kept, []);
  });
});
