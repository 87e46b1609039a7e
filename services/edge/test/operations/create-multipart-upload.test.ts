import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runningEdge, STANDARD } from "../running-edge.ts";
import { serveUploads } from "../stand-in-uploads.ts";

const CREATE = { method: "POST", path: "/photos/cat?uploads" };

describe("CreateMultipartUpload", () => {
  it("says so where the bucket's policy stores objects of parts as they are", async () => {
    const rule = { ...STANDARD, contents: "mixed", buckets: ["photos"] } as const;
    await using edge = await runningEdge({ rules: [{ ...rule, encryptsMultipart: false }] });
    const uploads = serveUploads(edge.transfers);
    await edge.send(CREATE);
    await edge.send({ ...CREATE, path: "/other/cat?uploads" });
    assert.deepEqual(
      uploads.created.map(({ isSealed }) => isSealed),
      [false, undefined],
    );
  });

  it("says which key the bucket's policy names", async () => {
    const keyWish = { provider: "kmip", keyId: "a" };
    await using edge = await runningEdge({
      rules: [{ ...STANDARD, keyWish, buckets: ["photos"] }],
    });
    const uploads = serveUploads(edge.transfers);
    await edge.send(CREATE);
    await edge.send({ ...CREATE, path: "/other/cat?uploads" });
    assert.deepEqual(
      uploads.created.map((head) => head.keyWish),
      [keyWish, undefined],
    );
  });

  it("has the checksum that S3 makes by itself where the policy wants one of everything", async () => {
    const rule = { ...STANDARD, checksum: "always", buckets: ["photos"] } as const;
    await using edge = await runningEdge({ rules: [rule] });
    const uploads = serveUploads(edge.transfers);
    const answer = await edge.send(CREATE);
    assert.equal(answer.headers["x-amz-checksum-algorithm"], undefined);
    await edge.send({ ...CREATE, headers: { "x-amz-checksum-algorithm": "SHA1" } });
    assert.deepEqual(
      uploads.created.map(({ checksum }) => checksum),
      [
        { algorithm: "crc64nvme", type: "FULL_OBJECT" },
        { algorithm: "sha1", type: "COMPOSITE" },
      ],
    );
  });

  it("hands over what is to be stored with the object, and answers with the upload's id", async () => {
    await using edge = await runningEdge();
    const uploads = serveUploads(edge.transfers);
    const headers = { "content-type": "text/plain", "x-amz-meta-a": "b" };
    const answer = await edge.send({ ...CREATE, headers });
    assert.equal(answer.status, 200, answer.text);
    const texts = ["Bucket", "Key", "UploadId"].map((name) => answer.xml().textOf(name));
    assert.deepEqual(
      [answer.xml().name, ...texts],
      ["InitiateMultipartUploadResult", "photos", "cat", "u/1"],
    );
    const place = { bucket: "photos", key: "cat" };
    assert.deepEqual(uploads.created, [{ target: place, place, suite: STANDARD.suite, headers }]);
  });

  it("repeats the checksum that the upload will have, and refuses one that there is not", async () => {
    await using edge = await runningEdge();
    const uploads = serveUploads(edge.transfers);
    const headers = { "x-amz-checksum-algorithm": "CRC32C" };
    const answer = await edge.send({ ...CREATE, headers });
    assert.equal(answer.headers["x-amz-checksum-algorithm"], "CRC32C");
    assert.equal(answer.headers["x-amz-checksum-type"], "COMPOSITE");
    assert.deepEqual(uploads.created[0]?.checksum, { algorithm: "crc32c", type: "COMPOSITE" });
    const wrong = await edge.send({ ...CREATE, headers: { "x-amz-checksum-algorithm": "MD4" } });
    assert.deepEqual([wrong.status, wrong.code], [400, "InvalidRequest"]);
    assert.equal(uploads.created.length, 1);
  });
});
