import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { storedSizeOf } from "@s3eg/shared/format/sizes.ts";
import { encodeAwsChunked } from "@s3eg/shared/s3/aws-chunked-encode.ts";
import { runningEdge, STANDARD } from "../running-edge.ts";

const PUT = { method: "PUT", path: "/photos/cat", body: "meow" };

describe("PutObject", () => {
  it("hands the body to crypto with what is to be stored, and answers with the client's ETag", async () => {
    await using edge = await runningEdge();
    const headers = { "content-type": "text/plain", "x-amz-meta-a": "b", "if-none-match": "*" };
    const { status, headers: answered, text } = await edge.send({ ...PUT, headers });
    const { etag, bytes } = edge.backend.objects.get("photos/cat") ?? assert.fail();
    assert.deepEqual([status, text], [200, ""]);
    assert.equal(answered.etag, `${etag.slice(0, -1)}-0"`);
    assert.equal(bytes.byteLength, storedSizeOf(4));
    assert.deepEqual(edge.crypto.seals, [
      {
        target: { bucket: "photos", key: "cat" },
        place: { bucket: "photos", key: "cat" },
        suite: STANDARD.suite,
        size: 4,
        headers,
      },
    ]);
  });

  it("seals what the client promised into the trailer, and answers with its checksum", async () => {
    await using edge = await runningEdge();
    const md5 = hash("md5", "meow");
    const headers = {
      "content-md5": Buffer.from(md5, "hex").toString("base64"),
      "x-amz-checksum-crc32": "iOBtQw==",
    };
    const wrong = await edge.send({ ...PUT, headers });
    assert.equal(wrong.code, "BadDigest");
    const sha1 = hash("sha1", "meow", "base64");
    const right = { "content-md5": headers["content-md5"], "x-amz-checksum-sha1": sha1 };
    const { headers: answered } = await edge.send({ ...PUT, headers: right });
    assert.equal(answered["x-amz-checksum-sha1"], sha1);
    const checksum = { algorithm: "sha1", type: "FULL_OBJECT", value: sha1 };
    assert.deepEqual(edge.crypto.tails, [{ md5, checksum }]);
  });

  for (const [code, change] of [
    ["XAmzContentSHA256Mismatch", { payloadHash: hash("sha256", "woof") }],
    ["BadDigest", { headers: { "content-md5": hash("md5", "woof", "base64") } }],
    ["BadDigest", { headers: { "x-amz-checksum-sha256": hash("sha256", "woof", "base64") } }],
    ["InvalidDigest", { headers: { "content-md5": "x" } }],
    ["InvalidRequest", { headers: { "x-amz-checksum-sha256": "x" } }],
    ["InvalidArgument", { headers: { "x-amz-meta-s3eg": "x" } }],
    ["NotImplemented", { headers: { "x-amz-write-offset-bytes": "0" } }],
    ["InvalidArgument", { path: "/photos/cat?versionId=v" }],
  ] as const) {
    it(`answers ${code} to ${JSON.stringify(change).slice(0, 60)} and stores nothing`, async () => {
      await using edge = await runningEdge();
      const { code: answered, status } = await edge.send({ ...PUT, ...change });
      assert.equal(answered, code);
      assert.ok(status >= 400);
      assert.equal(edge.backend.objects.size, 0);
    });
  }

  it("without a length is MissingContentLength", async () => {
    await using edge = await runningEdge();
    const headers = { "transfer-encoding": "chunked" };
    const { status, code } = await edge.send({ ...PUT, headers });
    assert.deepEqual([status, code], [411, "MissingContentLength"]);
  });

  it("takes an aws-chunked body of unknown length on the wire", async () => {
    await using edge = await runningEdge();
    const sha1 = hash("sha1", "meow", "base64");
    const body = encodeAwsChunked([Buffer.from("me"), Buffer.from("ow")], {
      trailers: { "x-amz-checksum-sha1": sha1 },
    });
    const headers = {
      "content-encoding": "aws-chunked",
      "transfer-encoding": "chunked",
      "x-amz-decoded-content-length": "4",
      "x-amz-trailer": "x-amz-checksum-sha1",
    };
    const payloadHash = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
    const { status, headers: answered } = await edge.send({ ...PUT, body, headers, payloadHash });
    assert.deepEqual([status, answered["x-amz-checksum-sha1"]], [200, sha1]);
    assert.equal(edge.crypto.seals[0]?.headers["content-encoding"], undefined);
    const get = await edge.send({ method: "GET", path: "/photos/cat" });
    assert.equal(get.text, "meow");
  });

  it("never sends the gateway's own metadata back", async () => {
    await using edge = await runningEdge();
    await edge.send(PUT);
    const stored = edge.backend.objects.get("photos/cat");
    assert.ok(stored?.headers[HEADER_FIELD]);
    for (const method of ["GET", "HEAD"]) {
      const { headers } = await edge.send({ method, path: "/photos/cat" });
      assert.deepEqual(
        Object.keys(headers).filter((name) => name.includes("s3eg")),
        [],
      );
    }
  });

  it("leaves it to the backend whether the condition holds", async () => {
    await using edge = await runningEdge();
    await edge.send(PUT);
    const { status, code } = await edge.send({ ...PUT, headers: { "if-none-match": "*" } });
    assert.deepEqual([status, code], [412, "PreconditionFailed"]);
  });
});
