import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runningEdge } from "../running-edge.ts";

async function edgeWithCat() {
  const edge = await runningEdge();
  const headers = { "content-type": "text/plain", "x-amz-meta-name": "\xc3\xa9" };
  await edge.send({ method: "PUT", path: "/photos/cat", body: "0123456789", headers });
  return edge;
}
const GET = { method: "GET", path: "/photos/cat" };

describe("GetObject", () => {
  it("gives bytes and metadata as they were stored", async () => {
    await using edge = await edgeWithCat();
    const { status, headers, text } = await edge.send(GET);
    assert.deepEqual([status, text], [200, "0123456789"]);
    assert.equal(headers["content-length"], "10");
    assert.equal(headers["content-type"], "text/plain");
    assert.equal(headers["x-amz-meta-name"], "\xc3\xa9");
    assert.equal(headers["accept-ranges"], "bytes");
    assert.equal(headers["content-range"], undefined);
    assert.match(String(headers.etag), /^"[0-9a-f]{32}-0"$/);
  });

  for (const [range, text, contentRange] of [
    ["bytes=2-4", "234", "bytes 2-4/10"],
    ["bytes=8-", "89", "bytes 8-9/10"],
    ["bytes=-3", "789", "bytes 7-9/10"],
    ["bytes=5-99", "56789", "bytes 5-9/10"],
    ["bytes=0-0", "0", "bytes 0-0/10"],
  ] as const) {
    it(`gives ${range} of the plaintext`, async () => {
      await using edge = await edgeWithCat();
      const answer = await edge.send({ ...GET, headers: { range } });
      assert.deepEqual([answer.status, answer.text], [206, text]);
      assert.equal(answer.headers["content-range"], contentRange);
      assert.equal(answer.headers["content-length"], String(text.length));
    });
  }

  for (const range of ["bytes=a-b", "lines=1-2", "bytes=1-2,4-5", "bytes=4-2", "bytes=-"]) {
    it(`ignores a range that is none: ${range}`, async () => {
      await using edge = await edgeWithCat();
      const answer = await edge.send({ ...GET, headers: { range } });
      assert.deepEqual([answer.status, answer.text], [200, "0123456789"]);
    });
  }

  it("says how large the object is to who reads beyond it", async () => {
    await using edge = await edgeWithCat();
    const answer = await edge.send({ ...GET, headers: { range: "bytes=10-" } });
    assert.deepEqual([answer.status, answer.code], [416, "InvalidRange"]);
    assert.equal(answer.xml().textOf("ActualObjectSize"), "10");
  });

  it("under If-Range gives the part of this object or the whole of another, never a mixture", async () => {
    await using edge = await edgeWithCat();
    const { etag } = (await edge.send(GET)).headers;
    const part = { range: "bytes=2-4" };
    const same = await edge.send({ ...GET, headers: { ...part, "if-range": String(etag) } });
    assert.ok(["234", "0123456789"].includes(same.text));
    const other = { ...part, "if-range": `"${"0".repeat(32)}-0"` };
    const answer = await edge.send({ ...GET, headers: other });
    assert.deepEqual([answer.status, answer.text], [200, "0123456789"]);
  });

  it("takes an object that was not uploaded in parts for its only part", async () => {
    await using edge = await edgeWithCat();
    for (const method of ["GET", "HEAD"]) {
      const first = await edge.send({ method, path: `${GET.path}?partNumber=1` });
      assert.deepEqual([first.status, first.headers["content-range"]], [206, "bytes 0-9/10"]);
      const second = await edge.send({ method, path: `${GET.path}?partNumber=2` });
      assert.equal(second.status, 416, method);
    }
  });

  it("maps conditions on its ETag for the backend to judge", async () => {
    await using edge = await edgeWithCat();
    const etag = String((await edge.send(GET)).headers.etag);
    const bare = etag.replace("-0", "");
    for (const [name, value, status] of [
      ["if-match", etag, 200],
      ["if-match", bare, 412],
      ["if-none-match", etag, 304],
      ["if-none-match", bare, 200],
    ] as const) {
      const answer = await edge.send({ ...GET, headers: { [name]: value } });
      assert.equal(answer.status, status, `${name}: ${value}`);
    }
  });

  it("passes response overrides on, and nothing else of the query", async () => {
    await using edge = await edgeWithCat();
    const query = "response-content-type=a%2Fb&x-id=GetObject&response-unheard=1&other=2";
    await edge.send({ ...GET, path: `${GET.path}?${query}` });
    assert.deepEqual(edge.crypto.opens[0]?.query, [["response-content-type", "a/b"]]);
  });

  it("of no object is NoSuchKey", async () => {
    await using edge = await runningEdge();
    const { status, code } = await edge.send(GET);
    assert.deepEqual([status, code], [404, "NoSuchKey"]);
  });

  it("of an object that lies where it was not sealed for is InternalError", async () => {
    await using edge = await edgeWithCat();
    const stored = edge.backend.objects.get("photos/cat") ?? assert.fail();
    edge.backend.objects.set("photos/dog", stored);
    const { status, code } = await edge.send({ ...GET, path: "/photos/dog" });
    assert.deepEqual([status, code], [500, "InternalError"]);
  });
});
