import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { type InParts, storeInParts } from "../../src/jobs/store-in-parts.ts";
import { STANDARD } from "../running-edge.ts";
import { BUCKET, bucketJobs } from "./bucket-jobs.ts";

const place = { bucket: BUCKET, key: "cat" };
const PARTS: InParts = {
  source: { ...place, place },
  sizes: [3, 2],
  reading: { "if-match": '"e"' },
  storing: { "x-amz-meta-a": "b" },
  conditions: { "if-match": '"e"' },
  algorithm: undefined,
};

function site(etagPolicy: "opaque" | "md5" = "opaque") {
  const jobs = bucketJobs();
  const { etag } = jobs.putSealed("cat", "abcde");
  const parts = { ...PARTS, reading: { "if-match": etag } };
  const policy = { ...STANDARD, etag: etagPolicy };
  const store = () => storeInParts(jobs.requestOf("cat", { writing: policy }), jobs.rooms, parts);
  return { ...jobs, store };
}

describe("storeInParts", () => {
  it("reads each part by its range, pinned, and completes under the condition", async () => {
    const { uploads, crypto, store } = site("md5");
    uploads.completion = { etag: '"x-2"', headers: { "x-amz-version-id": "v2" } };
    assert.deepEqual(await store(), { versionId: "v2" });
    assert.equal(uploads.created[0]?.headers["x-amz-meta-a"], "b");
    assert.deepEqual(
      uploads.parts.map(({ text }) => text),
      ["abc", "de"],
    );
    assert.deepEqual(
      crypto.opens.map(({ range }) => range),
      [
        { first: 0, last: 2 },
        { first: 3, last: 4 },
      ],
    );
    assert.ok(crypto.opens.every(({ headers }) => headers["if-match"]?.startsWith('"')));
    assert.ok(uploads.parts.every(({ tail }) => tail.md5));
    assert.equal(uploads.completed[0]?.head.headers["if-match"], '"e"');
    assert.equal(uploads.aborted.length, 0);
  });

  it("gives the upload up where a part can't be read", async () => {
    const { uploads, crypto, store } = site();
    crypto.fault = new Fault("backend.changed", "another one by now");
    await assert.rejects(store(), { code: "backend.changed" });
    assert.equal(uploads.aborted.length, 1);
    assert.equal(uploads.completed.length, 0);
  });
});
