import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { el } from "@s3eg/shared/s3/xml.ts";
import { completeOnBackend, storePart } from "../../src/multipart/backend-complete.ts";
import { anUpload, faultOf } from "../multipart-state/state-contract.ts";
import { refusedAs } from "./running-uploads.ts";
import { UploadsBackend, xmlAnswer } from "./uploads-backend.ts";

const KEY = { "x-amz-server-side-encryption-customer-key": "key" };

function completing(backend: UploadsBackend) {
  backend.uploads.set("u", { key: "k", headers: {}, parts: new Map() });
  const head = { target: { bucket: "b", key: "k" }, uploadId: "u", headers: { "if-match": '"e"' } };
  return { head, upload: { ...anUpload(), policy: KEY }, requestId: "r" };
}

describe("storePart and completeOnBackend", () => {
  it("store with the client's key, complete with its conditions", async () => {
    const backend = new UploadsBackend();
    const about = completing(backend);
    const part = await storePart({ backend }, about, { partNumber: 7, bytes: Buffer.from("x") });
    assert.equal(part.partNumber, 7);
    const { etag } = await completeOnBackend({ backend }, about, [part]);
    assert.equal(etag, backend.objects.get("k")?.etag);
    const [stored, completed] = backend.requests;
    assert.deepEqual(stored?.headers, KEY);
    assert.equal(completed?.headers?.["if-match"], '"e"');
  });

  it("take an error behind a 200 for one, and quote a bare ETag", async () => {
    const backend = new UploadsBackend();
    const about = completing(backend);
    backend.intercept = () => xmlAnswer(el("Error", el("Code", "SlowDown")));
    await assert.rejects(completeOnBackend({ backend }, about, []), refusedAs("SlowDown"));
    backend.intercept = () => xmlAnswer(el("CompleteMultipartUploadResult", el("ETag", "abc-1")));
    assert.equal((await completeOnBackend({ backend }, completing(backend), [])).etag, '"abc-1"');
    backend.intercept = () => xmlAnswer(el("CompleteMultipartUploadResult"));
    const nameless = completeOnBackend({ backend }, completing(backend), []);
    await assert.rejects(nameless, faultOf("backend.unavailable"));
  });
});
