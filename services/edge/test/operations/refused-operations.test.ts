import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { operationMatcher } from "../../src/match-operation.ts";
import { refusedOperations } from "../../src/operations/refused-operations.ts";
import { runningEdge } from "../running-edge.ts";
import { serveUploads } from "../stand-in-uploads.ts";

describe("refusedOperations", () => {
  const match = operationMatcher(refusedOperations);
  const asking = (method: string, key: string, ...names: string[]) => ({
    method,
    bucket: "b",
    key,
    headers: {},
    query: names.map(
      (name) => [name, name === "select-type" || name === "annotationName" ? "2" : ""] as const,
    ),
  });

  it("says which operation is refused and why, without a word to the backend", async () => {
    for (const operation of refusedOperations) {
      const run = () => Reflect.apply(operation.run, operation, []) as Promise<unknown>;
      await assert.rejects(run, {
        code: "NotImplemented",
        status: 501,
        message: new RegExp(`^${operation.name} is not available: .{20,}\\.$`),
      });
    }
  });

  it("knows the requests that would take or give bytes past the seal", () => {
    for (const [name, ...request] of [
      ["SelectObjectContent", "POST", "k", "select", "select-type"],
      ["GetObjectTorrent", "GET", "k", "torrent"],
      ["RenameObject", "PUT", "k", "renameObject"],
      ["AppendObject", "PUT", "k", "append"],
      ["PutObjectAnnotation", "PUT", "k", "annotation"],
      ["GetObjectAnnotation", "GET", "k", "annotation", "annotationName"],
      ["ListObjectAnnotations", "GET", "k", "annotation"],
      ["CreateSession", "GET", "", "session"],
    ] as [string, string, string, ...string[]][]) {
      assert.equal(match(asking(...request)).name, name);
    }
  });
});

describe("server.disable_multipart_uploads", () => {
  it("refuses all seven operations of uploads, and no other", async () => {
    await using edge = await runningEdge({ env: { SERVER_DISABLE_MULTIPART_UPLOADS: "true" } });
    const uploads = serveUploads(edge.transfers);
    const copied = { headers: { "x-amz-copy-source": "/b/source" } };
    for (const [method, path, more] of [
      ["POST", "/b/k?uploads"],
      ["PUT", "/b/k?partNumber=1&uploadId=u", { body: "x" }],
      ["PUT", "/b/k?partNumber=1&uploadId=u", copied],
      ["POST", "/b/k?uploadId=u", { body: "<CompleteMultipartUpload/>" }],
      ["DELETE", "/b/k?uploadId=u"],
      ["GET", "/b/k?uploadId=u"],
      ["GET", "/b?uploads"],
    ] as const) {
      const answer = await edge.send({ method, path, ...more });
      assert.deepEqual([answer.status, answer.code], [501, "NotImplemented"], `${method} ${path}`);
      assert.match(answer.text, /switched off/);
    }
    const { created, parts, completed, aborted } = uploads;
    assert.deepEqual([created, parts, completed, aborted], [[], [], [], []]);
    assert.deepEqual(edge.backend.kept, []);
    assert.equal((await edge.send({ method: "PUT", path: "/b/k", body: "x" })).status, 200);
    assert.equal((await edge.send({ method: "GET", path: "/b/k" })).text, "x");
  });
});
