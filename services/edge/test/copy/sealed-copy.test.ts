import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { runningEdge, STANDARD } from "../running-edge.ts";

const MIXED = { ...STANDARD, id: "m", contents: "mixed", buckets: ["mixed"] } as const;
const COPY = {
  method: "PUT",
  path: "/photos/cat",
  body: "",
  headers: { "x-amz-copy-source": "mixed/cat" },
};

describe("a copy of a plain object", () => {
  it("is sealed on its way, with the source's metadata, and has one ETag everywhere", async () => {
    await using edge = await runningEdge({ rules: [MIXED] });
    edge.backend.put("mixed/cat", Buffer.from("meow"), { "x-amz-meta-a": "b" });
    edge.crypto.plain = true;
    const copied = await edge.send(COPY);
    assert.equal(copied.status, 200);
    assert.deepEqual(edge.crypto.seals[0]?.place, { bucket: "photos", key: "cat" });
    assert.equal(edge.crypto.seals[0]?.headers["x-amz-meta-a"], "b");
    assert.ok(edge.crypto.opens[0]?.headers["if-match"]);
    const head = await edge.send({ method: "HEAD", path: "/photos/cat" });
    assert.deepEqual([head.headers["content-length"], head.headers["x-amz-meta-a"]], ["4", "b"]);
    assert.equal(copied.xml().textOf("ETag"), head.headers.etag);
  });

  it("learns what policy and client want to know of it", async () => {
    const md5 = {
      ...STANDARD,
      id: "p",
      etag: "md5",
      checksum: "always",
      buckets: ["photos"],
    } as const;
    await using edge = await runningEdge({ rules: [MIXED, md5] });
    edge.backend.put("mixed/cat", Buffer.from("meow"));
    edge.crypto.plain = true;
    const copied = (await edge.send(COPY)).xml();
    assert.equal(copied.textOf("ETag"), `"${hash("md5", "meow")}"`);
    assert.ok(copied.textOf("ChecksumCRC64NVME"));
    const headers = { ...COPY.headers, "x-amz-checksum-algorithm": "SHA1" };
    const asked = (await edge.send({ ...COPY, headers })).xml();
    assert.equal(asked.textOf("ChecksumSHA1"), hash("sha1", "meow", "base64"));
  });
});
