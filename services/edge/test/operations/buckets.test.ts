import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { el, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { configuredRights } from "../../src/auth/configured-rights.ts";
import { Rights } from "../../src/auth/rights.ts";
import { parseScope, type Scope } from "../../src/auth/scope.ts";
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

  it("ListBuckets shows a credential the buckets in which it may list something", async () => {
    const scopes = ["photos", "log*", "docs/a*"].map((entry) => parseScope(entry) as Scope);
    const principals = [{ accessKey: "LIMITED", rights: new Rights(["list"], scopes) }];
    await using edge = await runningEdge({ principals });
    const names = ["photos", "logs", "docs", "secret", "photos2"];
    const list = el(
      "ListAllMyBucketsResult",
      el("Owner", el("ID", "me")),
      el("Buckets", ...names.map((name) => el("Bucket", el("Name", name)))),
    );
    edge.backend.intercept = () => answer(200, {}, xmlDocument(list));
    const shown = async (accessKey: string) => {
      const document = (await edge.send({ method: "GET", path: "/", accessKey })).xml();
      assert.equal(document.child("Owner")?.textOf("ID"), "me");
      return document
        .child("Buckets")
        ?.all("Bucket")
        .map((bucket) => bucket.textOf("Name"));
    };
    assert.deepEqual(await shown("AK"), names);
    assert.deepEqual(await shown("LIMITED"), ["photos", "logs", "docs"]);
  });

  it("CreateBucket tells where the bucket is here, not where the backend is", async () => {
    await using edge = await runningEdge();
    edge.backend.intercept = () => answer(200, { location: "http://photos.s3.internal/" });
    const created = await edge.send({ method: "PUT", path: "/photos" });
    assert.equal(created.headers.location, "/photos");
    edge.backend.intercept = () => answer(200);
    const untold = await edge.send({ method: "PUT", path: "/photos" });
    assert.equal(untold.headers.location, undefined);
  });
});
