import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runningEdge, STANDARD } from "../running-edge.ts";

async function edgeWith(anonymous: "refuse" | "read" | "pass") {
  const rules = [{ ...STANDARD, id: "r", buckets: ["photos"], anonymous }];
  const edge = await runningEdge({ rules });
  await edge.send({ method: "PUT", path: "/photos/cat", body: "meow" });
  await edge.send({ method: "PUT", path: "/secret/cat", body: "meow" });
  edge.backend.kept.length = 0;
  return edge;
}

describe("requests without a signature", () => {
  for (const [anonymous, method, path, isLet] of [
    ["refuse", "GET", "/photos/cat", false],
    ["read", "GET", "/photos/cat", true],
    ["read", "HEAD", "/photos/cat", true],
    ["read", "GET", "/photos?list-type=2", true],
    ["read", "GET", "/secret/cat", false],
    ["read", "GET", "/photos?acl", false],
    ["read", "PUT", "/photos/cat", false],
    ["read", "DELETE", "/photos/cat", false],
    ["pass", "PUT", "/photos/cat", true],
    ["pass", "DELETE", "/photos/cat", true],
    ["pass", "PUT", "/secret/cat", false],
    ["pass", "GET", "/", false],
  ] as const) {
    it(`${method} ${path} is ${isLet ? "let through" : "refused"} by policy ${anonymous}`, async () => {
      await using edge = await edgeWith(anonymous);
      const { status } = await edge.sendUnsigned({
        method,
        path,
        ...(method === "PUT" ? { headers: { "content-length": "0" } } : {}),
      });
      assert.equal(status < 300, isLet, String(status));
      assert.equal(edge.backend.kept.length > 0, isLet);
      assert.equal(edge.done.at(-1)?.accessKey, undefined);
    });
  }

  it("go to the backend as nobody's", async () => {
    await using edge = await edgeWith("read");
    await edge.sendUnsigned({ method: "HEAD", path: "/photos/cat" });
    assert.equal(edge.backend.last("HEAD").request.identity, "anonymous");
  });

  it("need the policy of a copy's source too", async () => {
    await using edge = await edgeWith("pass");
    const headers = { "x-amz-copy-source": "secret/cat", "content-length": "0" };
    const { code } = await edge.sendUnsigned({ method: "PUT", path: "/photos/dog", headers });
    assert.equal(code, "AccessDenied");
    assert.equal(edge.backend.kept.length, 0);
  });

  it("may delete nothing by POST where a form would be let in", async () => {
    await using edge = await edgeWith("read");
    const { code } = await edge.sendUnsigned({
      method: "POST",
      path: "/photos?delete",
      body: "<Delete/>",
    });
    assert.equal(code, "AccessDenied");
  });
});
