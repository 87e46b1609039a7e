import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configuredRights } from "../../src/auth/configured-rights.ts";
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

  it("ListBuckets shows a limited credential the buckets in which it may list something", async () => {
    const rights = configuredRights({ buckets: ["photos", "logs/a*"] }, "c");
    await using edge = await runningEdge({ principals: [{ accessKey: "AK3", rights }] });
    const names = ["photos", "photos2", "logs"].map(
      (name) => `<Bucket><Name>${name}</Name></Bucket>`,
    );
    const buckets = `<Buckets>${names.join("")}</Buckets>`;
    const xml = `<ListAllMyBucketsResult><Owner><ID>1</ID></Owner>${buckets}</ListAllMyBucketsResult>`;
    edge.backend.intercept = () => answer(200, {}, xml);
    const shown = (await edge.send({ method: "GET", path: "/", accessKey: "AK3" })).xml();
    const listed = shown.child("Buckets")?.all("Bucket") ?? [];
    assert.deepEqual(
      listed.map((bucket) => bucket.textOf("Name")),
      ["photos", "logs"],
    );
    assert.equal(shown.child("Owner")?.textOf("ID"), "1");
    assert.equal((await edge.send({ method: "GET", path: "/" })).text, xml);
  });

  it("CreateBucket does not tell where the backend is", async () => {
    await using edge = await runningEdge();
    edge.backend.intercept = () => answer(200, { location: "http://backend:9000/photos" });
    const { headers } = await edge.send({ method: "PUT", path: "/photos" });
    assert.equal(headers.location, undefined);
  });
});
