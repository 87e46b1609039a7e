import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { runningEdge, STANDARD } from "../running-edge.ts";
import { FACTS, standInParts } from "../stand-in-parts.ts";

const HEAD = { method: "HEAD", path: "/photos/cat" };

async function edgeWithCat() {
  const edge = await runningEdge();
  const headers = { "content-type": "text/plain", "x-amz-meta-a": "" };
  await edge.send({ method: "PUT", path: "/photos/cat", body: "0123456789", headers });
  return edge;
}

describe("HeadObject", () => {
  it("says what GetObject says, and asks no key for it", async () => {
    await using edge = await edgeWithCat();
    const head = await edge.send(HEAD);
    assert.equal(edge.crypto.opens.length, 0);
    const get = await edge.send({ ...HEAD, method: "GET" });
    const told = ({ headers }: typeof head) => {
      const { "x-amz-request-id": _, "x-amz-id-2": __, date: ___, ...others } = headers;
      return others;
    };
    assert.deepEqual(told(head), told(get));
    assert.equal(head.headers["content-length"], "10");
    assert.equal(head.headers["x-amz-meta-a"], "");
  });

  it("tells of a range what GetObject would send", async () => {
    await using edge = await edgeWithCat();
    const { status, headers } = await edge.send({ ...HEAD, headers: { range: "bytes=-3" } });
    assert.deepEqual(
      [status, headers["content-length"], headers["content-range"]],
      [206, "3", "bytes 7-9/10"],
    );
    const beyond = await edge.send({ ...HEAD, headers: { range: "bytes=10-" } });
    assert.deepEqual([beyond.status, beyond.text], [416, ""]);
  });

  it("asks for the version and under the conditions of the client", async () => {
    await using edge = await edgeWithCat();
    const etag = String((await edge.send(HEAD)).headers.etag);
    const headers = { "if-none-match": etag, "x-amz-expected-bucket-owner": "1" };
    const answer = await edge.send({ ...HEAD, path: "/photos/cat?versionId=v", headers });
    assert.equal(answer.status, 304);
    const { request } = edge.backend.last("HEAD");
    assert.deepEqual(request.query, [["versionId", "v"]]);
    assert.deepEqual(request.headers, { ...headers, "if-none-match": etag.replace("-0", "") });
  });

  it("refuses a plain object unless the policy lets it be read", async () => {
    const rules = [{ ...STANDARD, id: "m", contents: "mixed", buckets: ["mixed"] }] as const;
    await using edge = await runningEdge({ rules: [...rules] });
    edge.backend.put("photos/cat", Buffer.from("plain"));
    edge.backend.put("mixed/cat", Buffer.from("plain"));
    assert.equal((await edge.send(HEAD)).status, 403);
    const mixed = await edge.send({ ...HEAD, path: "/mixed/cat" });
    assert.deepEqual([mixed.status, mixed.headers["content-length"]], [200, "5"]);
  });

  it("never shows the size of ciphertext", async () => {
    await using edge = await edgeWithCat();
    const { headers } = edge.backend.objects.get("photos/cat") ?? assert.fail();
    edge.backend.put("photos/cut", Buffer.alloc(100), {
      [HEADER_FIELD]: headers[HEADER_FIELD] ?? "",
    });
    assert.equal((await edge.send({ ...HEAD, path: "/photos/cut" })).status, 500);
  });

  it("shows a sealed object's own metadata, also under names that format 1 had", async () => {
    await using edge = await runningEdge();
    const headers = { "x-amz-meta-encrypted": "true", "x-amz-meta-encryption-algorithm": "mine" };
    await edge.send({ method: "PUT", path: HEAD.path, body: "0123456789", headers });
    for (const path of [HEAD.path, `${HEAD.path}?partNumber=1`]) {
      for (const method of ["GET", "HEAD"]) {
        const told = (await edge.send({ method, path })).headers;
        const named = Object.keys(headers).map((name) => [name, told[name]]);
        assert.deepEqual(Object.fromEntries(named), headers, `${method} ${path}`);
      }
    }
  });

  it("tells the ETag of an object in parts from what it asked about the part", async () => {
    const rules = [{ ...STANDARD, id: "m", etag: "md5", buckets: ["photos"] }] as const;
    await using edge = await runningEdge({ rules: [...rules] });
    standInParts(edge, "photos/cat");
    const { status, headers } = await edge.send({ ...HEAD, path: `${HEAD.path}?partNumber=3` });
    assert.deepEqual([status, headers.etag], [206, `"${FACTS.etag}"`]);
  });
});
