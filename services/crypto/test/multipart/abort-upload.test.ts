import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { answerOf } from "../memory-backend.ts";
import { faultOf } from "../multipart-state/state-contract.ts";
import { RunningUploads, refusedAs } from "./running-uploads.ts";

const SMALL = Buffer.from("a small part");

describe("abort-upload", () => {
  it("leaves nothing behind, on the backend or in the state", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    const { etag } = await uploads.part(uploadId, 1, SMALL);
    await uploads.abort(uploadId);
    const ref = { uploadId, bucket: "b", key: "k" };
    assert.equal(uploads.backend.uploads.size, 0);
    assert.equal(await uploads.state.find(ref), undefined);
    assert.equal(await uploads.state.parked(ref, { partNumber: 1, etag }), undefined);
    await assert.rejects(uploads.part(uploadId, 2, SMALL), refusedAs("NoSuchUpload"));
    await assert.rejects(uploads.abort(uploadId), refusedAs("NoSuchUpload"));
  });

  it("ends an upload that only one side still knows", async () => {
    await using uploads = new RunningUploads();
    const [one, two] = [await uploads.create(), await uploads.create()];
    uploads.backend.uploads.delete(one.uploadId);
    await uploads.abort(one.uploadId);
    await uploads.state.remove({ uploadId: two.uploadId, bucket: "b", key: "k" });
    await uploads.abort(two.uploadId);
    assert.equal(uploads.backend.uploads.size, 0);
    assert.equal((await uploads.state.check()).activeUploads, 0);
  });

  it("keeps the state while the backend keeps the upload", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    uploads.backend.intercept = () => answerOf(503);
    await assert.rejects(uploads.abort(uploadId), /./);
    uploads.backend.intercept = (answer) => answer;
    assert.equal((await uploads.state.check()).activeUploads, 1);
  });

  it("ends an upload whose record can't be read, on both sides", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    uploads.state.find = () => Promise.reject(new Fault("crypto.integrity", "tampered with"));
    await uploads.abort(uploadId);
    assert.equal(uploads.backend.uploads.size, 0);
    assert.equal((await uploads.state.check()).activeUploads, 0);
  });

  it("does not undo what is complete", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    await uploads.complete(uploadId, [await uploads.part(uploadId, 1, SMALL)]);
    await assert.rejects(uploads.abort(uploadId), refusedAs("NoSuchUpload"));
    assert.ok((await uploads.crypto.open("k")).bytes.equals(SMALL));
  });

  it("is refused as long as the state is out of reach: else parked parts would stay", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    await uploads.state[Symbol.asyncDispose]();
    await assert.rejects(uploads.abort(uploadId), faultOf("state.unavailable"));
    assert.equal(uploads.backend.uploads.size, 1);
  });
});
