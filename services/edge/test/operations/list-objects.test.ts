import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusal } from "../memory-backend.ts";
import { runningEdge } from "../running-edge.ts";

describe("listing operations", () => {
  for (const [operation, query] of [
    ["ListObjects", ""],
    ["ListObjectsV2", "list-type=2"],
    ["ListObjectVersions", "versions"],
  ] as const) {
    it(`${operation} shows what HEAD shows of the same object`, async () => {
      await using edge = await runningEdge();
      await edge.send({ method: "PUT", path: "/photos/cat", body: "meow" });
      const { headers } = await edge.send({ method: "HEAD", path: "/photos/cat" });
      const listed = await edge.send({ method: "GET", path: `/photos?${query}` });
      const [entry] = listed.xml().all("Contents");
      assert.deepEqual(
        [entry?.textOf("Key"), entry?.textOf("Size"), entry?.textOf("ETag")],
        ["cat", headers["content-length"], headers.etag],
      );
      assert.equal(edge.done.at(-1)?.operation, operation);
    });
  }

  it("ask the backend as they were asked", async () => {
    await using edge = await runningEdge();
    const path = "/photos?list-type=2&prefix=a%2Fb&delimiter=%2F&encoding-type=url&start-after=";
    await edge.send({ method: "GET", path });
    assert.deepEqual(edge.backend.last("GET").request.query, [
      ["list-type", "2"],
      ["prefix", "a/b"],
      ["delimiter", "/"],
      ["encoding-type", "url"],
      ["start-after", ""],
    ]);
  });

  it("pass on the backend's refusal", async () => {
    await using edge = await runningEdge();
    edge.backend.intercept = () => refusal(404, "NoSuchBucket");
    const { status, code } = await edge.send({ method: "GET", path: "/photos" });
    assert.deepEqual([status, code], [404, "NoSuchBucket"]);
  });
});
