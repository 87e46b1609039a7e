/** Single objects: what goes in comes out, whole or in part. */
import assert from "node:assert/strict";
import { assertAnswer, assertRefused, feature, md5Etag, putText, send } from "./feature.ts";

export const objectFeatures = [
  feature("PUT, GET and HEAD agree, the ETag is the MD5", async (site) => {
    const { s3, bucket: Bucket } = site;
    const etag = await putText(site, "/k", "hello");
    assert.equal(etag, md5Etag("hello"));
    const got = await s3.getObject({ Bucket, Key: "k" });
    assert.equal(await got.Body?.transformToString(), "hello");
    const head = await s3.headObject({ Bucket, Key: "k" });
    assert.deepEqual([head.ETag, head.ContentLength], [etag, 5]);
    assert.ok(head.LastModified);
  }),
  feature("an empty object is an object", async (site) => {
    assert.equal(await putText(site, "/empty", ""), md5Etag(""));
    const got = await send(site, { method: "GET", path: "/empty" });
    assertAnswer(got, 200);
    assert.deepEqual([got.headers["content-length"], got.body.length], ["0", 0]);
  }),
  feature("content headers and user metadata come back", async ({ s3, bucket: Bucket }) => {
    const sent = {
      ContentType: "text/x-test; charset=utf-8",
      CacheControl: "max-age=7",
      ContentDisposition: 'attachment; filename="a b"',
      ContentEncoding: "gzip",
      ContentLanguage: "de",
      Metadata: { colour: "green", empty: "x" },
    };
    await s3.putObject({ Bucket, Key: "k", Body: "x", Expires: new Date(2e12), ...sent });
    const { Metadata, ContentType, ...got } = await s3.headObject({ Bucket, Key: "k" });
    assert.deepEqual(Metadata, sent.Metadata);
    assert.equal(ContentType, sent.ContentType);
    assert.equal(got.ContentDisposition, sent.ContentDisposition);
    assert.equal(got.ContentEncoding, "gzip");
    assert.equal(got.ContentLanguage, "de");
    assert.equal(got.CacheControl, "max-age=7");
    assert.equal(got.ExpiresString, new Date(2e12).toUTCString());
  }),
  feature("without Content-Type an object is binary/octet-stream", async (site) => {
    await putText(site, "/k", "x");
    const { headers } = await send(site, { method: "HEAD", path: "/k" });
    assert.equal(headers["content-type"], "binary/octet-stream");
  }),
  feature("metadata in raw UTF-8 comes back byte for byte", async (site) => {
    const value = Buffer.from("grün").toString("latin1");
    const headers = { "x-amz-meta-colour": value };
    assertAnswer(await send(site, { method: "PUT", path: "/k", headers, body: "x" }), 200);
    const head = await send(site, { method: "HEAD", path: "/k" });
    assert.equal(head.headers["x-amz-meta-colour"], value);
  }),
  feature("more than 2 KiB of user metadata is refused", async (site) => {
    const headers = { "x-amz-meta-a": "x".repeat(2048) };
    const answer = await send(site, { method: "PUT", path: "/k", headers, body: "x" });
    assertAnswer(answer, 400, "MetadataTooLarge");
  }),
  feature("Content-Encoding aws-chunked is not kept", async (site) => {
    const headers = { "content-encoding": "aws-chunked,gzip" };
    assertAnswer(await send(site, { method: "PUT", path: "/k", headers, body: "x" }), 200);
    const head = await send(site, { method: "HEAD", path: "/k" });
    assert.equal(head.headers["content-encoding"], "gzip");
  }),
  feature("ranges: first-last, open, suffix, too long", async (site) => {
    await putText(site, "/k", "0123456789");
    for (const [range, bytes, shown] of [
      ["bytes=2-4", "234", "2-4"],
      ["bytes=7-", "789", "7-9"],
      ["bytes=-3", "789", "7-9"],
      ["bytes=-99", "0123456789", "0-9"],
      ["bytes=8-99", "89", "8-9"],
    ] as const) {
      const got = await send(site, { method: "GET", path: "/k", headers: { range } });
      assertAnswer(got, 206);
      assert.equal(got.body.toString(), bytes, range);
      assert.equal(got.headers["content-range"], `bytes ${shown}/10`);
    }
  }),
  feature("a range beyond the object is refused", async (site) => {
    await putText(site, "/k", "0123456789");
    const headers = { range: "bytes=10-" };
    assertAnswer(await send(site, { method: "GET", path: "/k", headers }), 416, "InvalidRange");
  }),
  feature("HEAD with Range gives 206", async (site) => {
    await putText(site, "/k", "0123456789");
    const headers = { range: "bytes=2-4" };
    const head = await send(site, { method: "HEAD", path: "/k", headers });
    assert.deepEqual(
      [head.status, head.headers["content-length"], head.headers["content-range"]],
      [206, "3", "bytes 2-4/10"],
    );
  }),
  feature("response-* parameters replace headers", async (site) => {
    await putText(site, "/k", "x");
    const query = "response-cache-control=no-cache&response-content-type=text%2Fx-other";
    const { headers } = await send(site, { method: "GET", path: `/k?${query}` });
    assert.equal(headers["content-type"], "text/x-other");
    assert.equal(headers["cache-control"], "no-cache");
  }),
  feature("keys d, d/ and d/x are three objects", async (site) => {
    for (const path of ["/d", "/d/x", "/d/"]) await putText(site, path, `at ${path}`);
    for (const path of ["/d", "/d/x", "/d/"]) {
      const got = await send(site, { method: "GET", path });
      assert.equal(got.body.toString(), `at ${path}`);
    }
  }),
  feature("keys are not normalised: a//b, ./x, o/../y", async (site) => {
    const paths = ["/a//b", "/a/b", "/./x", "/x", "/o/../y", "/y", "/o/./z", "/..", "/."];
    for (const path of paths) await putText(site, path, `at ${path}`);
    for (const path of paths) {
      const got = await send(site, { method: "GET", path });
      assert.equal(got.body.toString(), `at ${path}`);
    }
  }),
  feature("keys with spaces, +, %, emoji and quotes", async (site) => {
    const { s3, bucket: Bucket } = site;
    const keys = ["a b", "a+b", "a%20b", "a%2Fb", "\u{1f40d}/é", `"'<&>`, "e\u0301", "?x=#y"];
    for (const Key of keys) await s3.putObject({ Bucket, Key, Body: Key });
    for (const Key of keys) {
      const { Body } = await s3.getObject({ Bucket, Key });
      assert.equal(await Body?.transformToString(), Key);
    }
    const { Contents = [] } = await s3.listObjectsV2({ Bucket });
    assert.deepEqual(new Set(Contents.map(({ Key }) => Key)), new Set(keys));
  }),
  feature("a key of 1024 bytes with slashes", async (site) => {
    await putText(site, `/${"a".repeat(200)}${`/${"b".repeat(205)}`.repeat(4)}`, "x");
  }),
  feature("a key of 1024 bytes without slashes", async (site) => {
    await putText(site, `/${"a".repeat(1024)}`, "x");
  }),
  feature("a key of 1025 bytes is refused", async (site) => {
    const path = `/${"a".repeat(200)}${`/${"b".repeat(205)}`.repeat(4)}c`;
    const answer = await send(site, { method: "PUT", path, body: "x" });
    assertAnswer(answer, 400, "KeyTooLongError");
  }),
  feature("what is not there: NoSuchKey, NoSuchBucket", async (site) => {
    assertAnswer(await send(site, { method: "GET", path: "/none" }), 404, "NoSuchKey");
    const { s3 } = site;
    const Bucket = "no-such-bucket-anywhere";
    await assertRefused(s3.getObject({ Bucket, Key: "k" }), { status: 404, name: "NoSuchBucket" });
    await assertRefused(s3.headBucket({ Bucket }), { status: 404 });
  }),
  feature("deleting what is not there succeeds", async (site) => {
    assertAnswer(await send(site, { method: "DELETE", path: "/none" }), 204);
  }),
  feature("an object is gone after DELETE, and an overwritten one is the new one", async (site) => {
    await putText(site, "/k", "old");
    await putText(site, "/k", "newer");
    const got = await send(site, { method: "GET", path: "/k" });
    assert.equal(got.body.toString(), "newer");
    assertAnswer(await send(site, { method: "DELETE", path: "/k" }), 204);
    assertAnswer(await send(site, { method: "GET", path: "/k" }), 404, "NoSuchKey");
  }),
  feature("partNumber=1 of a single object is the object", async (site) => {
    await putText(site, "/k", "0123456789");
    const got = await send(site, { method: "GET", path: "/k?partNumber=1" });
    assert.equal(got.body.toString(), "0123456789");
    assert.equal(got.headers["x-amz-mp-parts-count"], undefined);
  }),
];
