import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import { FLAG, HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { el } from "@s3eg/shared/s3/xml.ts";
import { faultOf } from "../multipart-state/state-contract.ts";
import { RunningUploads } from "./running-uploads.ts";
import { xmlAnswer } from "./uploads-backend.ts";

describe("create-upload", () => {
  it("stores the header of a multipart object with the upload, and the client's fields", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create({ headers: { "x-amz-meta-a": "1" } });
    const { headers = {} } = uploads.backend.uploads.get(uploadId) ?? {};
    assert.equal(headers["x-amz-meta-a"], "1");
    const header = decodeHeader(headers[HEADER_FIELD] ?? "");
    assert.deepEqual([header.flags, header.plaintextSize], [FLAG.multipart, undefined]);
  });

  it("keeps what later steps need, under the backend's upload id", async () => {
    await using uploads = new RunningUploads();
    const checksum = { algorithm: "crc32", type: "COMPOSITE" } as const;
    const target = { bucket: "b", key: "k", identity: "AK2" };
    const { uploadId } = await uploads.create({ target, checksum });
    const kept = await uploads.state.find({ uploadId, bucket: "b", key: "k" });
    assert.deepEqual([kept?.checksum, kept?.identity, kept?.suite], [checksum, "AK2", 1]);
    const { headers = {} } = uploads.backend.uploads.get(uploadId) ?? {};
    assert.equal(kept?.header, headers[HEADER_FIELD]);
  });

  it("gives every upload a key of its own", async () => {
    await using uploads = new RunningUploads();
    const [one, two] = [await uploads.create(), await uploads.create()];
    const [first, second] = [one, two].map(
      ({ uploadId }) => uploads.backend.uploads.get(uploadId)?.headers[HEADER_FIELD],
    );
    assert.notEqual(first, second);
  });

  it("aborts the upload on the backend if its state can't be written", async () => {
    await using uploads = new RunningUploads();
    await uploads.state[Symbol.asyncDispose]();
    await assert.rejects(uploads.create(), faultOf("state.unavailable"));
    assert.deepEqual(uploads.backend.asked(), ["POST", "DELETE"]);
    assert.equal(uploads.backend.uploads.size, 0);
  });

  it("refuses an answer without an upload id", async () => {
    await using uploads = new RunningUploads();
    uploads.backend.intercept = () => xmlAnswer(el("InitiateMultipartUploadResult"));
    await assert.rejects(uploads.create(), faultOf("backend.unavailable"));
  });

  it("refuses metadata that leaves no room for the header, before the backend is asked", async () => {
    await using uploads = new RunningUploads();
    const headers = { "x-amz-meta-a": "x".repeat(2040) };
    await assert.rejects(uploads.create({ headers }), faultOf("limit.metadata-too-large"));
    assert.deepEqual(uploads.backend.asked(), []);
  });
});
