import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runningEdge } from "./running-edge.ts";
import { serveUploads } from "./stand-in-uploads.ts";

describe("a request about an upload", () => {
  it("means the upload of its bucket and key, as the caller's identity", async () => {
    await using edge = await runningEdge();
    const uploads = serveUploads(edge.transfers);
    const path = "/photos/a/b?uploadId=x%20y";
    await edge.send({ method: "DELETE", path, accessKey: "AK2" });
    const target = { bucket: "photos", key: "a/b", identity: "BK2" };
    assert.deepEqual(uploads.aborted, [{ target, uploadId: "x y", headers: {} }]);
  });

  it("means a part from 1 to 10 000", async () => {
    await using edge = await runningEdge();
    const uploads = serveUploads(edge.transfers);
    const put = (partNumber: string) =>
      edge.send({
        method: "PUT",
        path: `/photos/k?partNumber=${partNumber}&uploadId=u`,
        body: "b",
      });
    for (const partNumber of ["1", "10000"]) assert.equal((await put(partNumber)).status, 200);
    assert.deepEqual(
      uploads.parts.map(({ head }) => head.partNumber),
      [1, 10_000],
    );
    for (const wrong of ["0", "10001", "-1", "1.5", "", "one", "100000"]) {
      assert.equal((await put(wrong)).code, "InvalidArgument", wrong);
    }
    assert.equal(uploads.parts.length, 2);
  });
});
