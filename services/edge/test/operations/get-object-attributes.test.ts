import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runningEdge } from "../running-edge.ts";

const ask = (attributes: string) => ({
  method: "GET",
  path: "/photos/cat?attributes",
  headers: { "x-amz-object-attributes": attributes },
});

describe("GetObjectAttributes", () => {
  it("tells what was asked for, of the plaintext", async () => {
    await using edge = await runningEdge();
    const { headers } = await edge.send({ method: "PUT", path: "/photos/cat", body: "meow" });
    const all = (await edge.send(ask("ETag, ObjectSize,StorageClass,Checksum,ObjectParts"))).xml();
    assert.equal(all.name, "GetObjectAttributesResponse");
    assert.equal(all.textOf("ETag"), String(headers.etag).replaceAll('"', ""));
    assert.deepEqual([all.textOf("ObjectSize"), all.textOf("StorageClass")], ["4", "STANDARD"]);
    const one = (await edge.send(ask("ObjectSize"))).xml();
    assert.deepEqual(
      one.children.map(({ name }) => name),
      ["ObjectSize"],
    );
  });

  it("refuses attributes that no object has, and none at all", async () => {
    await using edge = await runningEdge();
    for (const attributes of ["Size", "ETag,", ""]) {
      assert.equal((await edge.send(ask(attributes))).code, "InvalidArgument", attributes);
    }
    assert.equal(edge.backend.kept.length, 0);
  });

  it("is NoSuchKey or its like for no object", async () => {
    await using edge = await runningEdge();
    assert.equal((await edge.send(ask("ETag"))).status, 404);
  });
});
