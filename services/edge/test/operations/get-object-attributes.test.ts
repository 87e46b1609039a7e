import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { runningEdge, STANDARD } from "../running-edge.ts";

const ALL = "ETag, Checksum,ObjectParts,StorageClass,ObjectSize";

async function edgeWithCat() {
  const rules = [{ ...STANDARD, id: "m", etag: "md5", buckets: ["md5"] } as const];
  const edge = await runningEdge({ rules });
  const headers = { "x-amz-checksum-crc32": "y/Q5Jg==" };
  for (const bucket of ["photos", "md5"]) {
    await edge.send({ method: "PUT", path: `/${bucket}/cat`, body: "123456789", headers });
  }
  const ask = (path: string, names?: string, more: Record<string, string> = {}) =>
    edge.send({
      method: "GET",
      path,
      headers: { ...more, ...(names === undefined ? {} : { "x-amz-object-attributes": names }) },
    });
  return { edge, ask, [Symbol.asyncDispose]: () => edge[Symbol.asyncDispose]() };
}

describe("GetObjectAttributes", () => {
  it("tells ETag without quotes, checksum, storage class and size, and of no parts", async () => {
    await using test = await edgeWithCat();
    const answer = await test.ask("/md5/cat?attributes", ALL);
    assert.equal(answer.status, 200, answer.text);
    const names = answer.xml().children.map(({ name }) => name);
    assert.deepEqual(names, ["ETag", "Checksum", "StorageClass", "ObjectSize"]);
    assert.equal(answer.xml().textOf("ETag"), hash("md5", "123456789"));
    assert.equal(answer.xml().child("Checksum")?.textOf("ChecksumCRC32"), "y/Q5Jg==");
    assert.equal(answer.xml().textOf("StorageClass"), "STANDARD");
    assert.equal(answer.xml().textOf("ObjectSize"), "9");
    assert.equal(answer.headers["last-modified"], "Thu, 01 Jan 2026 00:00:00 GMT");
    assert.equal(answer.headers.etag, undefined);
    assert.equal(answer.headers["content-type"], "application/xml");
  });

  it("tells the opaque ETag where the policy says so, and what was asked for only", async () => {
    await using test = await edgeWithCat();
    const answer = await test.ask("/photos/cat?attributes", "ETag");
    assert.equal(answer.xml().children.length, 1);
    assert.match(answer.xml().textOf("ETag") ?? "", /^[0-9a-f]{32}-0$/);
  });

  it("refuses names that are none, and no names", async () => {
    await using test = await edgeWithCat();
    for (const [names, code] of [
      ["ETag,Other", "InvalidArgument"],
      ["", "InvalidRequest"],
      [undefined, "InvalidRequest"],
    ] as const) {
      const answer = await test.ask("/photos/cat?attributes", names);
      assert.deepEqual([answer.status, answer.code], [400, code]);
    }
  });

  it("looks at the version asked for", async () => {
    await using test = await edgeWithCat();
    await test.ask("/photos/cat?attributes&versionId=v", "ETag");
    assert.deepEqual(test.edge.backend.last("HEAD").request.query, [["versionId", "v"]]);
  });

  it("says that there is no such object", async () => {
    await using test = await edgeWithCat();
    const answer = await test.ask("/photos/none?attributes", "ETag");
    assert.deepEqual([answer.status, answer.code], [404, "NoSuchKey"]);
  });
});
