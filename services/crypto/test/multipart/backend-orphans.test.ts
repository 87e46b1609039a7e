import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { el } from "@s3eg/shared/s3/xml.ts";
import {
  abortOrphan,
  type OrphanUpload,
  orphanUploads,
} from "../../src/multipart/backend-orphans.ts";
import { answerOf } from "../memory-backend.ts";
import { RunningUploads, refusedAs } from "./running-uploads.ts";
import { xmlAnswer } from "./uploads-backend.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const DAY_MS = 86_400_000;

function listed(uploadId: string, initiated: string) {
  return el("Upload", el("Key", "k"), el("UploadId", uploadId), el("Initiated", initiated));
}

async function orphansOf(uploads: RunningUploads): Promise<OrphanUpload[]> {
  const { backend, state } = uploads;
  const found: OrphanUpload[] = [];
  const rooms = { backend, state, now: () => NOW };
  for await (const orphan of orphanUploads(rooms, "b", { olderThanMs: DAY_MS })) found.push(orphan);
  return found;
}

describe("orphanUploads", () => {
  it("are the old ones that the state does not know, over all pages", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    const pages = [
      [
        el("IsTruncated", true),
        el("NextKeyMarker", "k"),
        el("NextUploadIdMarker", "old"),
        listed("old", "2026-05-01T00:00:00Z"),
        listed("young", "2026-05-31T12:00:00Z"),
      ],
      [
        listed(uploadId, "2026-05-01T00:00:00Z"),
        listed("undated", ""),
        listed("older", "2026-01-01T00:00:00Z"),
      ],
    ];
    const before = uploads.backend.requests.length;
    uploads.backend.intercept = () =>
      xmlAnswer(el("ListMultipartUploadsResult", ...(pages.shift() ?? [])));
    const found = await orphansOf(uploads);
    assert.deepEqual(
      found.map((upload) => upload.uploadId),
      ["old", "older"],
    );
    const [, second] = uploads.backend.requests.slice(before);
    assert.deepEqual(second?.query, [
      ["uploads", ""],
      ["key-marker", "k"],
      ["upload-id-marker", "old"],
    ]);
  });

  it("fail where the backend does not list", async () => {
    await using uploads = new RunningUploads();
    uploads.backend.intercept = () => answerOf(403);
    await assert.rejects(orphansOf(uploads), refusedAs("AccessDenied"));
  });
});

describe("abortOrphan", () => {
  it("ends it on the backend, and takes one that has ended for done", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    const orphan = { bucket: "b", key: "k", uploadId, initiatedAtMs: 0 };
    await abortOrphan(uploads, orphan);
    assert.equal(uploads.backend.uploads.size, 0);
    await abortOrphan(uploads, orphan);
    uploads.backend.intercept = () => answerOf(403);
    await assert.rejects(abortOrphan(uploads, orphan), refusedAs("AccessDenied"));
  });
});
