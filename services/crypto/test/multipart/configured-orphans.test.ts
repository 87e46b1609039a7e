import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { companionKeyOf } from "@s3eg/shared/format/companion.ts";
import { el } from "@s3eg/shared/s3/xml.ts";
import { allOrphans, type Orphan } from "../../src/multipart/configured-orphans.ts";
import { faultOf } from "../multipart-state/state-contract.ts";
import { RunningUploads } from "./running-uploads.ts";
import { xmlAnswer } from "./uploads-backend.ts";

const LONG_AGO = "2026-01-01T00:00:00Z";

async function found(uploads: RunningUploads, buckets: readonly string[]): Promise<Orphan[]> {
  const { backend, state } = uploads;
  const rooms = { backend, state, now: Date.now };
  const orphans: Orphan[] = [];
  for await (const orphan of allOrphans(rooms, { buckets, olderThanMs: 0 })) orphans.push(orphan);
  return orphans;
}

describe("allOrphans", () => {
  it("are of three kinds, and each can be removed", async () => {
    await using uploads = new RunningUploads();
    const { backend, state } = uploads;
    const [ended, unknown] = [await uploads.create(), await uploads.create()];
    backend.uploads.delete(ended.uploadId);
    await state.remove({ uploadId: unknown.uploadId, bucket: "b", key: "k" });
    const companion = companionKeyOf("gone", "h");
    backend.put(companion, Buffer.from("x"));
    backend.intercept = (answer, { method, key, query = [] }) => {
      if (method !== "GET" || key !== undefined) return answer;
      const asked = new Map(query);
      if (query.length === 0) {
        return xmlAnswer(el("Result", el("Buckets", el("Bucket", el("Name", "b")))));
      }
      if (asked.has("versions")) return xmlAnswer(el("ListVersionsResult"));
      const uploading = [...backend.uploads.keys()].map((uploadId) =>
        el("Upload", el("Key", "k"), el("UploadId", uploadId), el("Initiated", LONG_AGO)),
      );
      if (asked.has("uploads")) return xmlAnswer(el("Result", ...uploading));
      const listed = [...backend.objects.keys()].map((name) =>
        el("Contents", el("Key", name), el("LastModified", LONG_AGO)),
      );
      return xmlAnswer(el("ListBucketResult", ...listed));
    };
    const orphans = await found(uploads, []);
    assert.deepEqual(
      orphans.map(({ kind, bucket, key }) => [kind, bucket, key]),
      [
        ["state", "b", "k"],
        ["upload", "b", "k"],
        ["companion", "b", companion],
      ],
    );
    for (const orphan of orphans) await orphan.remove();
    assert.deepEqual(await found(uploads, ["b"]), []);
    assert.deepEqual([backend.uploads.size, backend.objects.size], [0, 0]);
  });

  it("are not looked for where the state is out of reach", async () => {
    await using uploads = new RunningUploads();
    await uploads.state[Symbol.asyncDispose]();
    await assert.rejects(found(uploads, ["b"]), faultOf("state.unavailable"));
    assert.equal(uploads.backend.requests.length, 0);
  });
});
