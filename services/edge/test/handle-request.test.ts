import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { encodeAwsChunked } from "@s3eg/shared/s3/aws-chunked-encode.ts";
import { runningEdge } from "./running-edge.ts";

describe("proxied_bucket", () => {
  const env = { PROXIED_BUCKET: "photos" };
  const copyOf = (source: string) => ({
    method: "PUT",
    path: "/photos/dog",
    body: "",
    headers: { "x-amz-copy-source": source },
  });

  it("is the only one that may be used, as target or as source", async () => {
    await using edge = await runningEdge({ env });
    assert.equal((await edge.send({ method: "PUT", path: "/photos/cat", body: "" })).status, 200);
    assert.equal((await edge.send(copyOf("photos/cat"))).status, 200);
    assert.equal((await edge.send(copyOf("%70hotos%2Fcat"))).status, 200);
    const before = edge.backend.kept.length;
    for (const sending of [
      { method: "GET", path: "/" },
      { method: "GET", path: "/other" },
      { method: "GET", path: "/other/cat" },
      { method: "GET", path: "/photos2/cat" },
      copyOf("other/cat"),
      copyOf("/other/cat"),
      copyOf("%6fther%2Fcat"),
    ]) {
      assert.equal((await edge.send(sending)).code, "AccessDenied", sending.path);
    }
    assert.equal(edge.backend.kept.length, before);
  });

  it("does not turn a source that cannot be read into an error of ours", async () => {
    await using edge = await runningEdge({ env });
    assert.equal((await edge.send(copyOf("%zz/cat"))).code, "InvalidArgument");
  });
});

describe("the document of a request", () => {
  const tags = "<Tagging/>";
  const put = { method: "PUT", path: "/photos" };

  it("reaches the backend as it is when it has the signed SHA-256", async () => {
    await using edge = await runningEdge();
    assert.equal((await edge.send({ ...put, body: tags })).status, 200);
    const { body, request } = edge.backend.last("PUT");
    assert.equal(body.toString(), tags);
    assert.equal(request.headers?.["content-md5"], hash("md5", tags, "base64"));
  });

  it("may be framed as aws-chunked", async () => {
    await using edge = await runningEdge();
    const body = encodeAwsChunked([Buffer.from(tags)], { trailers: {} });
    const headers = { "x-amz-decoded-content-length": String(tags.length) };
    const payloadHash = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
    assert.equal((await edge.send({ ...put, body, headers, payloadHash })).status, 200);
    assert.equal(edge.backend.last("PUT").body.toString(), tags);
  });

  it("cannot be changed or taken away on its way", async () => {
    await using edge = await runningEdge();
    const payloadHash = hash("sha256", tags);
    for (const sending of [
      { ...put, body: "<Tagged/>", payloadHash },
      { ...put, payloadHash },
    ]) {
      assert.equal((await edge.send(sending)).code, "XAmzContentSHA256Mismatch");
    }
    const headers = { "content-md5": hash("md5", tags, "base64") };
    assert.equal((await edge.send({ ...put, headers })).code, "BadDigest");
    assert.equal(edge.backend.kept.length, 0);
  });

  it("need not be there, nor announced", async () => {
    await using edge = await runningEdge();
    assert.equal((await edge.send(put)).status, 200);
    assert.equal(edge.backend.last("PUT").body.byteLength, 0);
  });

  it("is refused when it is too large", async () => {
    await using edge = await runningEdge();
    const body = Buffer.alloc(9_000_000);
    assert.equal((await edge.send({ ...put, body })).code, "MalformedXML");
    assert.equal(edge.backend.kept.length, 0);
  });
});
