import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { clearGarbage, endUpload, garbageUploads } from "../../src/multipart/garbage.ts";
import { answerOf } from "../memory-backend.ts";
import { RunningUploads } from "./running-uploads.ts";

const SMALL = Buffer.from("a small part");
const HOUR_MS = 3_600_000;
const NEVER = { expiringWithinMs: 0 };

function roomsOf({ backend, state }: RunningUploads, nowMs = Date.now()) {
  return { backend, state, now: () => nowMs };
}

async function garbageOf(uploads: RunningUploads, nowMs?: number, expiringWithinMs = 0) {
  const found: [string, string][] = [];
  for await (const { upload, why } of garbageUploads(roomsOf(uploads, nowMs), {
    expiringWithinMs,
  })) {
    found.push([upload.uploadId, why]);
  }
  return found;
}

describe("garbageUploads", () => {
  it("are those that the backend has ended by itself, with what is parked of them", async () => {
    await using uploads = new RunningUploads();
    const [dead, alive] = [await uploads.create(), await uploads.create()];
    const { uploadId } = dead;
    const named = await uploads.part(uploadId, 1, SMALL);
    uploads.backend.uploads.delete(uploadId);
    assert.deepEqual(await garbageOf(uploads), [[uploadId, "gone"]]);
    assert.equal(await clearGarbage(roomsOf(uploads), NEVER), 1);
    const ref = { uploadId, bucket: "b", key: "k" };
    assert.equal(await uploads.state.parked(ref, named), undefined);
    assert.deepEqual(await uploads.state.check(), { activeUploads: 1 });
    await uploads.part(alive.uploadId, 1, SMALL);
    assert.equal(await clearGarbage(roomsOf(uploads), NEVER), 0);
  });

  it("are those whose state is about to end: the backend's parts end with it", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    assert.deepEqual(await garbageOf(uploads, Date.now() + HOUR_MS - 60_000, 50_000), []);
    const soon = Date.now() + HOUR_MS - 10_000;
    assert.deepEqual(await garbageOf(uploads, soon, 50_000), [[uploadId, "expiring"]]);
    const rooms = roomsOf(uploads, soon);
    assert.equal(await clearGarbage(rooms, { expiringWithinMs: 50_000 }), 1);
    assert.equal(uploads.backend.uploads.size, 0);
    assert.deepEqual(await uploads.state.check(), { activeUploads: 0 });
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
    assert.deepEqual(await garbageOf(uploads), []);
    const before = { "last-modified": new Date(Date.now() - HOUR_MS - 2000).toUTCString() };
    uploads.backend.objects.set("k", { ...made, headers: { ...made.headers, ...before } });
    assert.deepEqual(await garbageOf(uploads), [[uploadId, "gone"]]);
    uploads.backend.objects.set("k", {
      ...made,
      headers: { [HEADER_FIELD]: "another", ...modified },
    });
    assert.deepEqual(await garbageOf(uploads), [[uploadId, "gone"]]);
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
      assert.deepEqual(await garbageOf(uploads), []);
    }
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
