import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sealPart } from "@s3eg/shared/contracts/multipart.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { MAX_PART_BYTES } from "@s3eg/shared/format/layout.ts";
import { sealedPartSizeOf } from "@s3eg/shared/format/sizes.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { answerOf } from "../memory-backend.ts";
import { faultOf } from "../multipart-state/state-contract.ts";
import { MIN_PART, RunningUploads, refusedAs } from "./running-uploads.ts";

const SMALL = Buffer.from("a small part");
const BIG = Buffer.alloc(MIN_PART + 1, 7);

describe("seal-part", () => {
  it("keeps a small part back, sealed", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    const { etag } = await uploads.part(uploadId, 1, SMALL);
    assert.match(etag, /^"[0-9a-f]{32}"$/);
    assert.deepEqual(uploads.backend.asked(), ["POST"]);
    const ref = { uploadId, bucket: "b", key: "k" };
    const parked = await uploads.state.parked(ref, { partNumber: 1, etag });
    assert.equal(parked?.byteLength, sealedPartSizeOf(SMALL.byteLength));
    assert.equal(Buffer.from(parked).includes(SMALL), false);
  });

  it("sends a large part up, and two attempts at it share no byte stream", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    const parts = uploads.backend.uploads.get(uploadId)?.parts;
    const { etag } = await uploads.part(uploadId, 1, BIG);
    const first = parts?.get(1);
    assert.equal(first?.etag, etag);
    assert.equal(first?.bytes.byteLength, sealedPartSizeOf(BIG.byteLength));
    await uploads.part(uploadId, 1, BIG);
    const second = parts?.get(1)?.bytes;
    const same = first?.bytes.filter((byte, at) => byte === second?.[at]).byteLength ?? 0;
    assert.ok(same < BIG.byteLength / 128, `${same} bytes are the same`);
    const attempts = await uploads.state.attempts({ uploadId, bucket: "b", key: "k" });
    assert.deepEqual(
      attempts.map(({ partNumber, sequence }) => [partNumber, sequence]),
      [
        [1, 1],
        [1, 2],
      ],
    );
    assert.notDeepEqual(attempts[0]?.salt, attempts[1]?.salt);
  });

  it("sends the lowest small part up when a ninth comes", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    for (let partNumber = 2; partNumber <= 9; partNumber += 1) {
      await uploads.part(uploadId, partNumber, SMALL);
    }
    assert.deepEqual(uploads.backend.asked(), ["POST"]);
    await uploads.part(uploadId, 10, SMALL);
    assert.deepEqual(uploads.backend.asked(), ["POST", "PUT 2"]);
    const [lowest] = await uploads.state.attempts({ uploadId, bucket: "b", key: "k" });
    const onBackend = uploads.backend.uploads.get(uploadId)?.parts.get(2);
    assert.deepEqual([lowest?.isParked, lowest?.backendEtag], [false, onBackend?.etag]);
  });

  it("refuses parts of an upload that is unknown, here or to the backend", async () => {
    await using uploads = new RunningUploads();
    await assert.rejects(uploads.part("none", 1, SMALL), refusedAs("NoSuchUpload"));
    const { uploadId } = await uploads.create();
    uploads.backend.uploads.clear();
    await assert.rejects(uploads.part(uploadId, 1, BIG), refusedAs("NoSuchUpload"));
    assert.deepEqual((await uploads.list(uploadId)).parts, []);
  });

  it("leaves nothing on the backend of an upload that was aborted meanwhile", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    const kept = uploads.backend.uploads.get(uploadId);
    assert.ok(kept);
    const { addAttempt } = uploads.state;
    uploads.state.addAttempt = async (...asked) => {
      uploads.state.addAttempt = addAttempt;
      await uploads.abort(uploadId);
      // A backend on which the part comes back to life.
      uploads.backend.uploads.set(uploadId, kept);
      return await uploads.state.addAttempt(...asked);
    };
    await assert.rejects(uploads.part(uploadId, 1, BIG), faultOf("state.unknown-upload"));
    assert.equal(uploads.backend.uploads.size, 0);
    assert.deepEqual(await uploads.state.check(), { activeUploads: 0 });
  });

  it("says that the upload is gone where the backend broke on its Abort", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    uploads.backend.intercept = () => answerOf(500);
    await assert.rejects(uploads.part(uploadId, 1, BIG), refusedAs("InternalError"));
    const ref = { uploadId, bucket: "b", key: "k" };
    const { find } = uploads.state;
    uploads.state.find = async (...asked) => {
      const found = await find.apply(uploads.state, asked);
      await uploads.state.remove(ref);
      return found;
    };
    await assert.rejects(uploads.part(uploadId, 1, BIG), refusedAs("NoSuchUpload"));
    uploads.backend.intercept = (answer) => answer;
    const other = await uploads.create();
    uploads.state.find = find;
    uploads.backend.intercept = () => {
      throw new Fault("backend.unavailable", "cut off");
    };
    await assert.rejects(uploads.part(other.uploadId, 1, BIG), faultOf("backend.unavailable"));
  });

  it("refuses a part that the backend stores without an ETag", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    uploads.backend.intercept = () => answerOf(200);
    await assert.rejects(uploads.part(uploadId, 1, BIG), faultOf("backend.unavailable"));
    assert.deepEqual((await uploads.list(uploadId)).parts, []);
  });

  it("refuses a part that is larger than its nonces reach, unread", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    const head = {
      target: { bucket: "b", key: "k" },
      uploadId,
      partNumber: 1,
      size: MAX_PART_BYTES + 1,
      headers: {},
    };
    const sending = { head, body: bodyOfBytes(SMALL), tail: () => ({}) };
    const { transfers } = uploads.crypto;
    await assert.rejects(
      transfers.upload(sealPart, sending, { requestId: "r" }),
      faultOf("limit.body-too-large"),
    );
  });
});
