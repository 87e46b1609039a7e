import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PolicyRule } from "../src/auth/policy.ts";
import { runningEdge, STANDARD } from "./running-edge.ts";

const GET = { method: "GET", path: "/photos/cat" };
const RULES: PolicyRule[] = [{ ...STANDARD, id: "none", buckets: ["uncached"], noCache: true }];

async function edgeWithCat() {
  const edge = await runningEdge({ env: { CACHE_ENABLED: "true" }, rules: RULES });
  await edge.send({ method: "PUT", path: "/photos/cat", body: "0123456789" });
  const asked = () => {
    const methods = edge.backend.kept.map(({ request }) => request.method);
    edge.backend.kept.length = 0;
    return methods.join(" ");
  };
  asked();
  return { edge, asked };
}

describe("a read from the cache", () => {
  it("asks the backend for nothing but the head", async () => {
    const { edge, asked } = await edgeWithCat();
    await using _ = edge;
    const first = await edge.send(GET);
    assert.equal(asked(), "GET");
    const second = await edge.send(GET);
    assert.equal(asked(), "HEAD");
    assert.deepEqual([second.status, second.text], [200, first.text]);
    const part = await edge.send({ ...GET, headers: { range: "bytes=2-4" } });
    assert.equal(asked(), "HEAD");
    assert.deepEqual([part.status, part.text], [206, "234"]);
    assert.equal(part.headers["content-range"], "bytes 2-4/10");
  });

  it("reads the object anew once it is another one, or gone", async () => {
    const { edge, asked } = await edgeWithCat();
    await using _ = edge;
    await edge.send(GET);
    await edge.send({ method: "PUT", path: "/photos/cat", body: "other" });
    asked();
    assert.equal((await edge.send(GET)).text, "other");
    assert.equal(asked(), "HEAD GET");
    await edge.send({ method: "DELETE", path: "/photos/cat" });
    asked();
    assert.equal((await edge.send(GET)).code, "NoSuchKey");
    assert.equal(asked(), "HEAD GET");
  });

  it("has the backend judge the client's conditions", async () => {
    const { edge, asked } = await edgeWithCat();
    await using _ = edge;
    const { etag = "" } = (await edge.send(GET)).headers;
    asked();
    const unchanged = await edge.send({ ...GET, headers: { "if-none-match": etag } });
    assert.deepEqual([unchanged.status, asked()], [304, "HEAD"]);
    const refused = await edge.send({ ...GET, headers: { "if-match": '"0"' } });
    assert.deepEqual([refused.code, asked()], ["PreconditionFailed", "HEAD GET"]);
  });

  it("is none for a web page of elsewhere: the backend's rules for it are those of the method", async () => {
    const { edge, asked } = await edgeWithCat();
    await using _ = edge;
    await edge.send(GET);
    asked();
    await edge.send({ ...GET, headers: { origin: "https://example.com" } });
    assert.equal(asked(), "GET");
  });

  it("is none where the bucket's policy forbids it", async () => {
    const { edge, asked } = await edgeWithCat();
    await using _ = edge;
    await edge.send({ method: "PUT", path: "/uncached/cat", body: "0123456789" });
    asked();
    for (let read = 0; read < 2; read += 1) await edge.send({ ...GET, path: "/uncached/cat" });
    assert.equal(asked(), "GET GET");
  });
});
