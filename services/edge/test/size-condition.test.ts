import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runningEdge } from "./running-edge.ts";

const PATH = "/photos/cat";

async function edgeWithCat() {
  const edge = await runningEdge();
  await edge.send({ method: "PUT", path: PATH, body: "0123456789" });
  const deleteIf = (size: string, more: Record<string, string> = {}) =>
    edge.send({ method: "DELETE", path: PATH, headers: { "x-amz-if-match-size": size, ...more } });
  const sentDeletes = () => edge.backend.kept.filter(({ request }) => request.method === "DELETE");
  return { edge, deleteIf, sentDeletes, [Symbol.asyncDispose]: () => edge[Symbol.asyncDispose]() };
}

describe("x-amz-if-match-size", () => {
  it("pins the object that has the plaintext size, by the backend's ETag", async () => {
    await using site = await edgeWithCat();
    const { etag } = site.edge.backend.objects.get("photos/cat") ?? {};
    assert.equal((await site.deleteIf("10")).status, 204);
    assert.deepEqual(site.edge.backend.last("DELETE").request.headers, { "if-match": etag });
  });

  it("refuses another size, the stored one included, and deletes nothing", async () => {
    await using site = await edgeWithCat();
    const stored = site.edge.backend.objects.get("photos/cat")?.bytes.length;
    for (const size of ["9", "010", "", String(stored)]) {
      const { status, code } = await site.deleteIf(size);
      assert.deepEqual([status, code], [412, "PreconditionFailed"], size);
    }
    assert.deepEqual(site.sentDeletes(), []);
  });

  it("holds together with If-Match", async () => {
    await using site = await edgeWithCat();
    const { code } = await site.deleteIf("10", { "if-match": `"${"0".repeat(32)}-0"` });
    assert.equal(code, "PreconditionFailed");
    assert.deepEqual(site.sentDeletes(), []);
  });

  it("goes on as it is where nothing lies", async () => {
    await using site = await edgeWithCat();
    const headers = { "x-amz-if-match-size": "3" };
    await site.edge.send({ method: "DELETE", path: "/photos/dog", headers });
    assert.deepEqual(site.edge.backend.last("DELETE").request.headers, headers);
  });
});
