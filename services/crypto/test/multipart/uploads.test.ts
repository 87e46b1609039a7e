import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  abandonUpload,
  customerKeyOf,
  findUpload,
  keysOf,
  noSuchUpload,
  refOf,
  uploadRequest,
} from "../../src/multipart/uploads.ts";
import { faultOf } from "../multipart-state/state-contract.ts";
import { RunningUploads, refusedAs } from "./running-uploads.ts";

const target = { bucket: "b", key: "k", identity: "AK2" };

describe("an upload", () => {
  it("is named by its id, bucket and key", () => {
    assert.deepEqual(refOf({ target, uploadId: "u" }), { uploadId: "u", bucket: "b", key: "k" });
  });

  it("is asked for as the identity it belongs to", () => {
    const { query, ...request } = uploadRequest({ target, uploadId: "u" }, [["partNumber", "1"]]);
    assert.deepEqual(request, target);
    assert.deepEqual(query, [
      ["partNumber", "1"],
      ["uploadId", "u"],
    ]);
  });

  it("is found under its own place only", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    assert.equal((await findUpload(uploads.state, { target, uploadId })).key, "k");
    for (const elsewhere of [{ bucket: "other" }, { key: "other" }]) {
      const address = { target: { ...target, ...elsewhere }, uploadId };
      await assert.rejects(findUpload(uploads.state, address), refusedAs("NoSuchUpload"));
    }
    assert.ok(refusedAs("NoSuchUpload")(noSuchUpload()));
  });

  it("has keys at the place that its header is bound to, and at no other", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create({ place: { bucket: "bound", key: "k" } });
    const upload = await findUpload(uploads.state, { target, uploadId });
    const { backend, state, crypto } = uploads;
    const rooms = { backend, state, dataKeys: crypto.keys.dataKeys, now: Date.now };
    assert.equal((await keysOf(rooms, upload, "r")).suite, 1);
    const moved = keysOf(rooms, { ...upload, boundBucket: "b" }, "r");
    await assert.rejects(moved, faultOf("crypto.integrity"));
  });
});

describe("abandonUpload", () => {
  it("ends an upload on the backend, and never fails", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    await abandonUpload(uploads, { target, uploadId }, "r");
    assert.equal(uploads.backend.uploads.size, 0);
    uploads.backend.intercept = () => {
      throw new Error("out of reach");
    };
    await abandonUpload(uploads, { target, uploadId }, "r");
  });
});

describe("customerKeyOf", () => {
  it("takes the client's own key out of other fields", () => {
    const key = { "x-amz-server-side-encryption-customer-key": "k" };
    const headers = { ...key, "x-amz-server-side-encryption": "AES256", isOther: true };
    assert.deepEqual(customerKeyOf(headers), key);
  });
});
