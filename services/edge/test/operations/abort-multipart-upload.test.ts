import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runningEdge } from "../running-edge.ts";
import { serveUploads } from "../stand-in-uploads.ts";

describe("AbortMultipartUpload", () => {
  it("names the upload to crypto and answers without a body", async () => {
    await using edge = await runningEdge();
    const uploads = serveUploads(edge.transfers);
    const path = "/photos/cat?uploadId=u%2F1";
    const { status, text } = await edge.send({ method: "DELETE", path });
    assert.deepEqual([status, text], [204, ""]);
    const target = { bucket: "photos", key: "cat" };
    assert.deepEqual(uploads.aborted, [{ target, uploadId: "u/1", headers: {} }]);
    assert.equal(edge.backend.kept.length, 0);
  });
});
