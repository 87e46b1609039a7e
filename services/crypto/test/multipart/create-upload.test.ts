import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import { FLAG, HEADER_FIELD, METADATA_FIELD } from "@s3eg/shared/format/layout.ts";
import { el } from "@s3eg/shared/s3/xml.ts";
import { faultOf } from "../multipart-state/state-contract.ts";
import { MIN_PART, RunningUploads } from "./running-uploads.ts";
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

  it("hides metadata where that is wished, and says so in the header", async () => {
    await using uploads = new RunningUploads();
    const headers = { "x-amz-meta-a": "secret", "content-type": "text/x", "x-amz-acl": "private" };
    const { uploadId } = await uploads.create({ headers, sealsMetadata: true });
    const { headers: stored = {} } = uploads.backend.uploads.get(uploadId) ?? {};
    const names = ["content-type", "x-amz-acl", HEADER_FIELD, METADATA_FIELD];
    assert.deepEqual(Object.keys(stored).toSorted(), names);
    assert.equal(stored["content-type"], "application/octet-stream");
    const { flags } = decodeHeader(stored[HEADER_FIELD] ?? "");
    assert.equal(flags, FLAG.multipart | FLAG.sealedMetadata);
    const bytes = Buffer.alloc(MIN_PART, 1);
    const parts = [await uploads.part(uploadId, 1, bytes), await uploads.part(uploadId, 2, bytes)];
    await uploads.complete(uploadId, parts);
    const { result } = await uploads.crypto.open("k", { range: { first: 0, last: 9 } });
    assert.equal(result.size, 2 * MIN_PART);
    assert.equal(result.headers["x-amz-meta-a"], "secret");
    assert.equal(result.headers["content-type"], "text/x");
  });

  it("begins it under the key that the policy wishes for, for all of it", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create({ keyWish: { provider: "rsa", keyId: "tenant" } });
    const bytes = Buffer.alloc(MIN_PART, 1);
    await uploads.complete(uploadId, [await uploads.part(uploadId, 1, bytes)]);
    const stored = uploads.backend.objects.get("k")?.headers[HEADER_FIELD] ?? "";
    assert.deepEqual(
      [decodeHeader(stored).provider, decodeHeader(stored).keyId],
      ["rsa", "tenant"],
    );
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
