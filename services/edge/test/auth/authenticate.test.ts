import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runningEdge } from "../running-edge.ts";

const GET = { method: "GET", path: "/photos/cat" };

describe("authentication", () => {
  it("lets a signed and a presigned request in", async () => {
    await using edge = await runningEdge();
    await edge.send({ method: "PUT", path: "/photos/cat", body: "meow" });
    assert.equal((await edge.send(GET)).text, "meow");
    const path = edge.presigned({ method: "GET", path: "/photos/cat" });
    assert.equal((await edge.sendUnsigned({ method: "GET", path })).text, "meow");
  });

  it("refuses everyone else before anything is asked of a backend", async () => {
    await using edge = await runningEdge();
    const refusals = [
      ["AccessDenied", await edge.sendUnsigned(GET)],
      ["InvalidAccessKeyId", await edge.send({ ...GET, accessKey: "nobody" })],
      [
        "SignatureDoesNotMatch",
        await edge.sendUnsigned({ ...GET, headers: edge.sign({ ...GET, path: "/photos/dog" }) }),
      ],
    ] as const;
    for (const [code, answer] of refusals) assert.equal(answer.code, code);
    assert.equal(edge.backend.kept.length, 0);
    assert.equal(edge.crypto.opens.length, 0);
    assert.deepEqual(
      edge.done.map(({ accessKey }) => accessKey),
      [undefined, undefined, undefined],
    );
  });

  it("names who was let in, and asks the backend as that one where it has an identity", async () => {
    await using edge = await runningEdge();
    await edge.send({ method: "HEAD", path: "/photos" });
    assert.equal(edge.backend.last("HEAD").request.identity, undefined);
    await edge.send({ method: "HEAD", path: "/photos", accessKey: "AK2" });
    assert.equal(edge.backend.last("HEAD").request.identity, "BK2");
    await edge.send({ method: "PUT", path: "/photos/cat", body: "", accessKey: "AK2" });
    assert.equal(edge.backend.last("PUT").request.identity, "BK2");
    assert.deepEqual(
      edge.done.map(({ accessKey, label }) => [accessKey, label]),
      [
        ["AK", "tester"],
        ["AK2", undefined],
        ["AK2", undefined],
      ],
    );
  });
});
