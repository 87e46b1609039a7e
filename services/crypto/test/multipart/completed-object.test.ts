import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import {
  completedHeaders,
  completedObject,
  mayHaveEnded,
} from "../../src/multipart/completed-object.ts";
import { noSuchUpload, refusal } from "../../src/multipart/uploads.ts";
import type { UploadRecord } from "../../src/multipart-state/multipart-state.ts";
import { MemoryBackend } from "../memory-backend.ts";
import { anUpload } from "../multipart-state/state-contract.ts";

const BYTES = Buffer.from("parts and region");
const TAIL = BYTES.subarray(-6);

const upload: UploadRecord = {
  ...anUpload(),
  header: "h",
  policy: { "x-amz-server-side-encryption-customer-key": "key" },
};

async function lookFor(backend: MemoryBackend, expected: Partial<{ tail: Buffer }> = {}) {
  const head = { target: { bucket: "b", key: "k" }, uploadId: "u" };
  const object = { tail: TAIL, storedSize: BYTES.byteLength, ...expected };
  return await completedObject({ backend }, { head, upload, requestId: "r" }, object);
}

describe("completedObject", () => {
  it("knows the object by its header, its size and its end", async () => {
    const backend = new MemoryBackend();
    const headers = { [HEADER_FIELD]: "h", "x-amz-version-id": "v", "content-type": "text/plain" };
    const etag = backend.put("k", BYTES, headers);
    assert.deepEqual(await lookFor(backend), { etag, headers: { "x-amz-version-id": "v" } });
    const [asked] = backend.requests;
    assert.equal(asked?.headers?.["x-amz-server-side-encryption-customer-key"], "key");
  });

  it("knows one without its manifest by header and size, unread", async () => {
    const backend = new MemoryBackend();
    const etag = backend.put("k", BYTES, { [HEADER_FIELD]: "h" });
    assert.deepEqual(await lookFor(backend, { tail: Buffer.alloc(0) }), { etag, headers: {} });
    assert.equal(backend.requests[0]?.method, "HEAD");
    backend.put("k", BYTES, { [HEADER_FIELD]: "another" });
    assert.equal(await lookFor(backend, { tail: Buffer.alloc(0) }), undefined);
  });

  it("takes no other object for it", async () => {
    const backend = new MemoryBackend();
    assert.equal(await lookFor(backend), undefined);
    backend.put("k", BYTES, { [HEADER_FIELD]: "another" });
    assert.equal(await lookFor(backend), undefined);
    backend.put("k", Buffer.concat([Buffer.alloc(1), BYTES]), { [HEADER_FIELD]: "h" });
    assert.equal(await lookFor(backend), undefined);
    backend.put("k", BYTES, { [HEADER_FIELD]: "h" });
    assert.equal(await lookFor(backend, { tail: Buffer.from("Region") }), undefined);
    backend.put("k", Buffer.alloc(0), { [HEADER_FIELD]: "h" });
    assert.equal(await lookFor(backend), undefined);
  });
});

describe("completedHeaders", () => {
  it("are those of a read that a Complete has, too", () => {
    const both = { "x-amz-version-id": "v", "x-amz-server-side-encryption-aws-kms-key-id": "k" };
    assert.deepEqual(completedHeaders({ ...both, etag: '"e"', [HEADER_FIELD]: "h" }), both);
  });
});

describe("mayHaveEnded", () => {
  it("is true for the refusals of an upload that is over", () => {
    assert.ok(mayHaveEnded(noSuchUpload()));
    assert.ok(mayHaveEnded(refusal(400, "InvalidPart", "")));
    assert.ok(mayHaveEnded(refusal(412, "PreconditionFailed", "")));
    assert.ok(mayHaveEnded(refusal(500, "NoSuchUpload", "")));
    assert.equal(mayHaveEnded(refusal(400, "EntityTooSmall", "")), false);
    assert.equal(mayHaveEnded(new Fault("backend.unavailable", "")), false);
  });
});
