import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { answer } from "../memory-backend.ts";
import { runningEdge } from "../running-edge.ts";

describe("operations on buckets", () => {
  for (const [operation, method, path, bucket, query] of [
    ["ListBuckets", "GET", "/", undefined, []],
    ["CreateBucket", "PUT", "/photos", "photos", []],
    ["HeadBucket", "HEAD", "/photos/", "photos", []],
    ["DeleteBucket", "DELETE", "/photos", "photos", []],
    ["GetBucketLocation", "GET", "/photos?location", "photos", [["location", ""]]],
  ] as const) {
    it(`${operation} is asked of the backend, as whoever asks`, async () => {
      await using edge = await runningEdge();
      const headers = { "x-amz-acl": "private" };
      const { status } = await edge.send({ method, path, headers, accessKey: "AK2" });
      assert.ok(status < 300);
      const { request } = edge.backend.last(method);
      assert.deepEqual([request.bucket, request.key, request.identity], [bucket, undefined, "BK2"]);
      assert.deepEqual(request.query, query);
      assert.deepEqual(request.headers, headers);
      assert.equal(edge.done[0]?.operation, operation);
    });
  }

  it("CreateBucket does not tell where the backend is", async () => {
    await using edge = await runningEdge();
    edge.backend.intercept = () => answer(200, { location: "http://backend:9000/photos" });
    const { headers } = await edge.send({ method: "PUT", path: "/photos" });
    assert.equal(headers.location, undefined);
  });
});
