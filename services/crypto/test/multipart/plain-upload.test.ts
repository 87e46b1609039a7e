import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { sealPart } from "@s3eg/shared/contracts/multipart.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { answerOf } from "../memory-backend.ts";
import { MIN_PART, RunningUploads, refusedAs } from "./running-uploads.ts";

const BIG = Buffer.alloc(MIN_PART, 7);
const SMALL = Buffer.from("the end");
const PLAIN = { isSealed: false };
const REF = { bucket: "b", key: "k" };

describe("an upload that policy does not seal", () => {
  it("stores its parts as they are, without a header, without a data key, and none is kept back", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create(PLAIN);
    const parts = [await uploads.part(uploadId, 1, BIG), await uploads.part(uploadId, 2, SMALL)];
    const { etag, plainEtag, checksum } = await uploads.complete(uploadId, parts);
    const { bytes, headers } = uploads.stored();
    assert.ok(bytes.equals(Buffer.concat([BIG, SMALL])));
    assert.equal(headers[HEADER_FIELD], undefined);
    assert.deepEqual([`"${plainEtag}"`, checksum], [etag, undefined]);
    assert.deepEqual(uploads.backend.asked(), ["POST", "PUT 1", "PUT 2", "POST"]);
  });

  it("goes on as it began, whatever the policy says meanwhile; one that is sealed does, too", async () => {
    await using uploads = new RunningUploads();
    const plain = await uploads.create(PLAIN);
    const sealed = await uploads.create();
    for (const { uploadId } of [plain, sealed]) await uploads.part(uploadId, 1, BIG);
    const stored = [plain, sealed].map(
      ({ uploadId }) => uploads.backend.uploads.get(uploadId)?.parts.get(1)?.bytes,
    );
    assert.ok(stored[0]?.equals(BIG));
    assert.equal(stored[1]?.includes(BIG.subarray(0, 64)), false);
  });

  it("takes the same bytes twice as a part, and lists plaintext sizes", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create(PLAIN);
    const first = await uploads.part(uploadId, 1, SMALL);
    const second = await uploads.part(uploadId, 1, SMALL);
    assert.notEqual(first.etag, second.etag);
    const { parts } = await uploads.list(uploadId);
    assert.deepEqual(
      parts.map(({ size, etag }) => [size, etag]),
      [[SMALL.byteLength, second.etag]],
    );
    await uploads.complete(uploadId, [second]);
    assert.ok(uploads.stored().bytes.equals(SMALL));
  });

  it("does not take what must stay sealed", async () => {
    await using uploads = new RunningUploads();
    const asks = async (uploadId: string) => {
      const head = { target: REF, uploadId, partNumber: 1, size: 1, headers: {}, mustSeal: true };
      const sending = { head, body: bodyOfBytes(Buffer.from("s")), tail: () => ({}) };
      return await uploads.crypto.transfers.upload(sealPart, sending, { requestId: "r" });
    };
    const plain = await uploads.create(PLAIN);
    await assert.rejects(asks(plain.uploadId), refusedAs("AccessDenied"));
    assert.equal(uploads.backend.uploads.get(plain.uploadId)?.parts.size, 0);
    await asks((await uploads.create()).uploadId);
  });

  it("is told by ETag and size to be complete already, where the answer was lost", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create(PLAIN);
    const part = await uploads.part(uploadId, 1, SMALL);
    const md5 = hash("md5", SMALL, "buffer");
    const etag = `"${hash("md5", md5)}-1"`;
    const gone = Buffer.from("<Error><Code>NoSuchUpload</Code></Error>");
    const lose = (object: Buffer) => {
      uploads.backend.uploads.delete(uploadId);
      uploads.backend.objects.set("k", { bytes: object, headers: {}, etag });
      uploads.backend.intercept = (answer, { method }) =>
        method === "POST" ? answerOf(404, {}, gone) : answer;
    };
    lose(Buffer.from("other"));
    await assert.rejects(uploads.complete(uploadId, [part]), refusedAs("NoSuchUpload"));
    lose(SMALL);
    assert.equal((await uploads.complete(uploadId, [part])).etag, etag);
    assert.equal((await uploads.complete(uploadId, [part])).etag, etag);
  });
});
