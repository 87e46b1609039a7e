import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { endAll, endedUploads, endUpload, expiringUploads } from "../../src/multipart/garbage.ts";
import type { UploadRecord } from "../../src/multipart-state/multipart-state.ts";
import { answerOf } from "../memory-backend.ts";
import { RunningUploads } from "./running-uploads.ts";

const SMALL = Buffer.from("a small part");
const HOUR_MS = 3_600_000;

function roomsOf({ backend, state }: RunningUploads, nowMs = Date.now()) {
  return { backend, state, now: () => nowMs };
}

async function idsOf(uploads: AsyncIterable<UploadRecord>): Promise<string[]> {
  const found: string[] = [];
  for await (const { uploadId } of uploads) found.push(uploadId);
  return found;
}

const endedOf = (uploads: RunningUploads) => idsOf(endedUploads(roomsOf(uploads)));

describe("endedUploads", () => {
  it("are those that the backend has ended by itself, with what is parked of them", async () => {
    await using uploads = new RunningUploads();
    const [dead, alive] = [await uploads.create(), await uploads.create()];
    const { uploadId } = dead;
    const named = await uploads.part(uploadId, 1, SMALL);
    uploads.backend.uploads.delete(uploadId);
    assert.deepEqual(await endedOf(uploads), [uploadId]);
    assert.equal(await endAll(uploads, endedUploads(roomsOf(uploads))), 1);
    const ref = { uploadId, bucket: "b", key: "k" };
    assert.equal(await uploads.state.parked(ref, named), undefined);
    assert.deepEqual(await uploads.state.check(), { activeUploads: 1 });
    await uploads.part(alive.uploadId, 1, SMALL);
    assert.equal(await endAll(uploads, endedUploads(roomsOf(uploads))), 0);
  });

  it("are not those whose Complete may come again for its answer", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    const named = [await uploads.part(uploadId, 1, SMALL)];
    const { complete } = uploads.state;
    uploads.state.complete = () => Promise.reject(new Fault("state.unavailable", "killed"));
    await assert.rejects(uploads.complete(uploadId, named));
    uploads.state.complete = complete;
    const made = uploads.stored();
    const modified = { "last-modified": new Date().toUTCString() };
    uploads.backend.objects.set("k", { ...made, headers: { ...made.headers, ...modified } });
    assert.deepEqual(await endedOf(uploads), []);
    const before = { "last-modified": new Date(Date.now() - HOUR_MS - 2000).toUTCString() };
    uploads.backend.objects.set("k", { ...made, headers: { ...made.headers, ...before } });
    assert.deepEqual(await endedOf(uploads), [uploadId]);
    uploads.backend.objects.set("k", {
      ...made,
      headers: { [HEADER_FIELD]: "another", ...modified },
    });
    assert.deepEqual(await endedOf(uploads), [uploadId]);
  });

  it("are not those of which the backend says nothing clear", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    uploads.backend.uploads.delete(uploadId);
    for (const answer of [
      answerOf(503),
      answerOf(404, {}, Buffer.from("not found")),
      answerOf(403),
    ]) {
      uploads.backend.intercept = () => answer;
      assert.deepEqual(await endedOf(uploads), []);
    }
  });
});

describe("expiringUploads", () => {
  it("are those whose state is about to end: the backend's parts end with it", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    const options = { expiringWithinMs: 50_000 };
    const early = roomsOf(uploads, Date.now() + HOUR_MS - 60_000);
    assert.deepEqual(await idsOf(expiringUploads(early, options)), []);
    const soon = roomsOf(uploads, Date.now() + HOUR_MS - 10_000);
    assert.deepEqual(await idsOf(expiringUploads(soon, options)), [uploadId]);
    assert.equal(await endAll(uploads, expiringUploads(soon, options)), 1);
    assert.equal(uploads.backend.uploads.size, 0);
    assert.deepEqual(await uploads.state.check(), { activeUploads: 0 });
  });
});

describe("endUpload", () => {
  it("leaves the state where the backend refuses", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    const upload = await uploads.state.find({ uploadId, bucket: "b", key: "k" });
    assert.ok(upload);
    uploads.backend.intercept = () => answerOf(403);
    assert.equal(await endUpload(uploads, upload), false);
    uploads.backend.intercept = (answer) => answer;
    assert.equal(await endUpload(uploads, upload), true);
    assert.deepEqual(await uploads.state.check(), { activeUploads: 0 });
  });
});
