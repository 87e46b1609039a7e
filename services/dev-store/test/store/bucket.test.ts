import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { bodyOfPieces, collectBody } from "@s3eg/shared/http/body.ts";
import { S3Error } from "../../src/s3/errors.ts";
import { Store } from "../../src/store/store.ts";
import { putText, scratchStore, textOf } from "./scratch-store.ts";

const onlyIfAbsent = (newest: unknown): void => {
  if (newest) throw new S3Error("PreconditionFailed");
};

describe("Bucket", () => {
  it("keeps keys that no file system could hold apart", async () => {
    await using scratch = await scratchStore();
    const { bucket, folder } = scratch;
    const keys = [
      "a//b",
      "a/b",
      ".",
      "..",
      "d",
      "d/",
      "d/x",
      "../../etc",
      "x".repeat(1024),
      "\u0001",
      "é",
      "e\u0301",
    ];
    for (const key of keys) await putText(bucket, key, { text: `at ${key}` });
    const reopened = (await Store.open(folder)).bucket("photos");
    for (const key of keys) assert.equal(await textOf(reopened, key), `at ${key}`);
    assert.equal(reopened.keys.size, keys.length);
  });

  it("leaves one file of bytes per object, and none of what was overwritten or deleted", async () => {
    await using scratch = await scratchStore();
    const { bucket, folder } = scratch;
    const bytesFolder = join(folder, "buckets", "photos", "bytes");
    await putText(bucket, "k", { text: "one" });
    await putText(bucket, "k", { text: "two" });
    assert.equal((await readdir(bytesFolder)).length, 1);
    await bucket.remove("k", {});
    assert.deepEqual(await readdir(bytesFolder), []);
    assert.equal(bucket.keys.size, 0);
  });

  it("lets one of many racing conditional writers win", async () => {
    await using scratch = await scratchStore();
    const { bucket } = scratch;
    const writes = Array.from({ length: 8 }, (_, writer) =>
      putText(bucket, "k", { text: `writer ${writer}`, guard: onlyIfAbsent }),
    );
    const results = await Promise.allSettled(writes);
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
  });

  it("leaves the old object as it was when a body breaks off", async () => {
    await using scratch = await scratchStore();
    const { bucket, folder } = scratch;
    await putText(bucket, "k", { text: "old" });
    async function* broken() {
      yield Buffer.from("new");
      throw new Error("cut");
    }
    await assert.rejects(bucket.files.receive(bodyOfPieces(broken())), /cut/);
    assert.equal(await textOf(bucket, "k"), "old");
    assert.equal((await readdir(join(folder, "buckets", "photos", "bytes"))).length, 1);
  });

  it("goes on serving a body whose object is deleted meanwhile, then removes its file", async () => {
    await using scratch = await scratchStore();
    const { bucket, folder } = scratch;
    const { pieces } = await putText(bucket, "k", { text: "still here" });
    const body = bucket.files.read(pieces);
    await bucket.remove("k", {});
    const bytes = await collectBody(body, 100, () => new Error());
    assert.equal(bytes.toString(), "still here");
    while ((await readdir(join(folder, "buckets", "photos", "bytes"))).length > 0);
  });

  it("reads ranges across pieces", async () => {
    await using scratch = await scratchStore();
    const { bucket } = scratch;
    const pieces = [];
    for (const text of ["abc", "", "def", "g"]) {
      const { id, size } = await bucket.files.receive(bodyOfPieces([Buffer.from(text)]));
      pieces.push({ id, size });
    }
    for (let start = 0; start < 7; start++) {
      for (let end = start; end < 7; end++) {
        const body = bucket.files.read(pieces, { start, end });
        const bytes = await collectBody(body, 100, () => new Error());
        assert.equal(bytes.toString(), "abcdefg".slice(start, end + 1));
      }
    }
  });

  it("keeps versions, hides a deleted key behind a marker, and brings it back", async () => {
    await using scratch = await scratchStore();
    const { bucket, folder } = scratch;
    await putText(bucket, "k", { text: "before" });
    await bucket.setVersioning("Enabled");
    const first = await putText(bucket, "k", { text: "first" });
    const { versionId, isDeleteMarker } = await bucket.remove("k", {});
    assert.equal(isDeleteMarker, true);
    assert.equal(await textOf(bucket, "k"), undefined);
    const reopened = (await Store.open(folder)).bucket("photos");
    assert.equal(reopened.versioning, "Enabled");
    assert.equal(await textOf(reopened, "k", "null"), "before");
    await reopened.remove("k", { versionId });
    assert.equal(await textOf(reopened, "k"), "first");
    await reopened.remove("k", { versionId: first.versionId });
    assert.equal(await textOf(reopened, "k"), "before");
  });

  it("replaces only the null version while versioning is suspended", async () => {
    await using scratch = await scratchStore();
    const { bucket } = scratch;
    await bucket.setVersioning("Enabled");
    await putText(bucket, "k", { text: "versioned" });
    await bucket.setVersioning("Suspended");
    await putText(bucket, "k", { text: "null 1" });
    await putText(bucket, "k", { text: "null 2" });
    assert.equal(bucket.versionsOf("k").length, 2);
    assert.deepEqual(await bucket.remove("k", {}), { versionId: "null", isDeleteMarker: true });
    assert.deepEqual(
      bucket.versionsOf("k").map(({ kind }) => kind),
      ["delete-marker", "object"],
    );
  });

  it("removes what a crash left half-written when it is opened again", async () => {
    await using scratch = await scratchStore();
    const { bucket, folder } = scratch;
    await putText(bucket, "k", { text: "kept" });
    const bytesFolder = join(folder, "buckets", "photos", "bytes");
    await writeFile(join(bytesFolder, "orphan"), "lost");
    await writeFile(join(bytesFolder, "half.new"), "lost");
    const reopened = (await Store.open(folder)).bucket("photos");
    assert.equal((await readdir(bytesFolder)).length, 1);
    assert.equal(await textOf(reopened, "k"), "kept");
  });
});

describe("Uploads", () => {
  const facts = { key: "k", startedAt: 1, headers: {}, tags: [], storageClass: "STANDARD" };
  const part = { partNumber: 1, modifiedAt: 2 };

  it("survive a restart and leave no bytes behind when they are aborted", async () => {
    await using scratch = await scratchStore();
    const { bucket, folder } = scratch;
    const { uploadId } = await bucket.uploads.start(facts);
    for (const text of ["one", "one again"]) {
      const received = await bucket.files.receive(bodyOfPieces([Buffer.from(text)]));
      await bucket.uploads.keepPart({ key: "k", uploadId }, received, part);
    }
    const reopened = (await Store.open(folder)).bucket("photos");
    const { parts } = reopened.uploads.find("k", uploadId);
    assert.equal(parts.get(1)?.piece.size, 9);
    await reopened.uploads.end({ key: "k", uploadId }, async () => ({
      result: 0,
      kept: new Set(),
    }));
    assert.throws(() => reopened.uploads.find("k", uploadId), { code: "NoSuchUpload" });
    assert.deepEqual(await readdir(join(folder, "buckets", "photos", "bytes")), []);
    assert.deepEqual(await readdir(join(folder, "buckets", "photos", "uploads")), []);
  });

  it("do not take the bytes of the object they became, even after a crash in between", async () => {
    await using scratch = await scratchStore();
    const { bucket, folder } = scratch;
    const { uploadId } = await bucket.uploads.start(facts);
    const received = await bucket.files.receive(bodyOfPieces([Buffer.from("whole")]));
    const { piece, md5 } = await bucket.uploads.keepPart({ key: "k", uploadId }, received, part);
    const { headers, tags, storageClass } = facts;
    const object = { etag: `${md5}-1`, size: 5, pieces: [piece], isMultipart: true };
    await bucket.put("k", { ...object, headers, tags, storageClass });
    const reopened = (await Store.open(folder)).bucket("photos");
    assert.equal(await textOf(reopened, "k"), "whole");
    assert.deepEqual(reopened.uploads.all(), []);
  });

  it("refuse a part whose upload has ended, and remove its bytes", async () => {
    await using scratch = await scratchStore();
    const { bucket, folder } = scratch;
    const received = await bucket.files.receive(bodyOfPieces([Buffer.from("late")]));
    const late = bucket.uploads.keepPart({ key: "k", uploadId: "gone" }, received, part);
    await assert.rejects(late, { code: "NoSuchUpload" });
    assert.deepEqual(await readdir(join(folder, "buckets", "photos", "bytes")), []);
  });
});

describe("Store", () => {
  it("makes and removes buckets, but none that holds something", async () => {
    await using scratch = await scratchStore();
    const { store, bucket, folder } = scratch;
    await assert.rejects(store.createBucket("photos"), { code: "BucketAlreadyOwnedByYou" });
    await putText(bucket, "k", { text: "x" });
    await assert.rejects(store.deleteBucket("photos"), { code: "BucketNotEmpty" });
    await bucket.remove("k", {});
    await store.deleteBucket("photos");
    assert.throws(() => store.bucket("photos"), { code: "NoSuchBucket" });
    await assert.rejects(putText(bucket, "k", { text: "late" }), { code: /NoSuchBucket|ENOENT/ });
    assert.deepEqual((await Store.open(folder)).buckets(), []);
  });

  it("refuses a record that is not what it should be, rather than guessing", async () => {
    await using scratch = await scratchStore();
    const { folder, bucket } = scratch;
    await putText(bucket, "k", { text: "x" });
    const path = join(folder, "buckets", "photos", "bucket.json");
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace("Off", "Of"));
    await assert.rejects(Store.open(folder));
  });
});
