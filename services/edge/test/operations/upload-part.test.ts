import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { runningEdge } from "../running-edge.ts";
import { PART_ETAG, serveUploads } from "../stand-in-uploads.ts";

const PART = { method: "PUT", path: "/photos/cat?partNumber=3&uploadId=u%2F1", body: "meow" };

describe("UploadPart", () => {
  it("refuses a part beyond server.max_part_buffer with 413, before anything of it is handed over", async () => {
    await using edge = await runningEdge({ env: { SERVER_MAX_PART_BUFFER: "5242880" } });
    const uploads = serveUploads(edge.transfers);
    const much = await edge.send({ ...PART, body: Buffer.alloc(5_242_881) });
    assert.deepEqual([much.status, much.code], [413, "EntityTooLarge"]);
    assert.match(much.text, /<MaxSizeAllowed>5242880</);
    assert.equal(uploads.parts.length, 0);
    assert.equal((await edge.send({ ...PART, body: Buffer.alloc(5_242_880) })).status, 200);
    // It is a limit of parts: an object of one piece has S3's own.
    const whole = { method: "PUT", path: "/photos/cat", body: Buffer.alloc(5_242_881) };
    assert.equal((await edge.send(whole)).status, 200);
  });

  it("hands the body over as that part, and answers with a tag that is no MD5", async () => {
    await using edge = await runningEdge();
    const uploads = serveUploads(edge.transfers);
    const answer = await edge.send(PART);
    assert.deepEqual([answer.status, answer.text], [200, ""]);
    assert.equal(answer.headers.etag, `${PART_ETAG.slice(0, -1)}-0"`);
    const target = { bucket: "photos", key: "cat" };
    const [part] = uploads.parts;
    assert.deepEqual(part?.head, { target, uploadId: "u/1", partNumber: 3, size: 4, headers: {} });
    assert.equal(part?.text, "meow");
  });

  it("answers with the checksum that was sent, without a type, and judges it", async () => {
    await using edge = await runningEdge();
    const uploads = serveUploads(edge.transfers);
    const value = hash("sha256", "meow", "base64");
    const answer = await edge.send({ ...PART, headers: { "x-amz-checksum-sha256": value } });
    assert.equal(answer.headers["x-amz-checksum-sha256"], value);
    assert.equal(answer.headers["x-amz-checksum-type"], undefined);
    assert.equal(uploads.parts[0]?.tail.checksum?.value, value);
    assert.equal(uploads.parts[0]?.head.promised, "sha256");
    const wrong = { "x-amz-checksum-sha256": hash("sha256", "woof", "base64") };
    assert.equal((await edge.send({ ...PART, headers: wrong })).code, "BadDigest");
    assert.equal(uploads.parts.length, 1);
  });

  it("answers with the checksum that the upload needs where none was sent", async () => {
    await using edge = await runningEdge();
    const uploads = serveUploads(edge.transfers);
    uploads.partChecksum = { algorithm: "crc32", value: "AAAAAA==" };
    const { headers } = await edge.send(PART);
    assert.equal(headers["x-amz-checksum-crc32"], "AAAAAA==");
    assert.equal(uploads.parts[0]?.head.promised, undefined);
  });
});
