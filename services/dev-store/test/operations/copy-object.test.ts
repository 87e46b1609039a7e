import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runningStore } from "../running-store.ts";

async function storeWithObject() {
  const running = await runningStore();
  const headers = {
    "x-amz-meta-a": "1",
    "x-amz-tagging": "t=1",
    "x-amz-checksum-crc32": "y/Q5Jg==",
  };
  const { headers: answered } = await running.send("PUT", "/photos/a%20b", {
    headers,
    body: "123456789",
  });
  const copy = (more: Record<string, string> = {}, path = "/photos/copy") =>
    running.send("PUT", path, { headers: { "x-amz-copy-source": "/photos/a%20b", ...more } });
  return { ...running, copy, etag: answered.etag ?? "" };
}

describe("CopyObject", () => {
  it("copies bytes, metadata, tags and checksum", async () => {
    await using running = await storeWithObject();
    const result = (await running.copy()).xml();
    assert.equal(result.textOf("ETag"), running.etag);
    assert.equal(result.textOf("ChecksumCRC32"), "y/Q5Jg==");
    const got = await running.send("GET", "/photos/copy");
    assert.deepEqual(
      [got.text, got.headers["x-amz-meta-a"], got.headers["x-amz-tagging-count"]],
      ["123456789", "1", "1"],
    );
  });

  it("replaces metadata, tags and checksum algorithm when it is told to", async () => {
    await using running = await storeWithObject();
    const copied = await running.copy({
      "x-amz-metadata-directive": "REPLACE",
      "x-amz-tagging-directive": "REPLACE",
      "x-amz-checksum-algorithm": "SHA256",
      "x-amz-meta-b": "2",
    });
    assert.ok(copied.xml().textOf("ChecksumSHA256"));
    const { headers } = await running.send("HEAD", "/photos/copy");
    assert.deepEqual(
      [headers["x-amz-meta-a"], headers["x-amz-meta-b"], headers["x-amz-tagging-count"]],
      [undefined, "2", undefined],
    );
  });

  it("refuses a copy onto itself that changes nothing", async () => {
    await using running = await storeWithObject();
    const path = "/photos/a%20b";
    assert.equal((await running.copy({}, path)).code, "InvalidRequest");
    const replace = { "x-amz-metadata-directive": "REPLACE" };
    assert.equal((await running.copy(replace, path)).status, 200);
    assert.equal((await running.send("GET", path)).text, "123456789");
  });

  it("judges conditions on source and destination", async () => {
    await using running = await storeWithObject();
    const { copy, etag } = running;
    const past = new Date(0).toUTCString();
    for (const [headers, status] of [
      [{ "x-amz-copy-source-if-match": '"other"' }, 412],
      [{ "x-amz-copy-source-if-none-match": etag }, 412],
      [{ "x-amz-copy-source-if-unmodified-since": past }, 412],
      [{ "x-amz-copy-source-if-match": etag, "x-amz-copy-source-if-unmodified-since": past }, 200],
      [{ "if-none-match": "*" }, 412],
    ] as [Record<string, string>, number][]) {
      assert.equal((await copy(headers)).status, status, JSON.stringify(headers));
    }
  });

  it("refuses sources that are none", async () => {
    await using running = await storeWithObject();
    const codeOf = async (source: string) =>
      (await running.copy({ "x-amz-copy-source": source })).code;
    assert.equal(await codeOf("/photos/none"), "NoSuchKey");
    assert.equal(await codeOf("/none/k"), "NoSuchBucket");
    assert.equal(await codeOf("/photos"), "InvalidArgument");
    assert.equal(await codeOf("/photos/%zz"), "InvalidArgument");
    assert.equal(await codeOf(`/photos/a%20b?versionId=${"0".repeat(32)}`), "NoSuchVersion");
    assert.equal(
      (await running.copy({ "x-amz-metadata-directive": "MERGE" })).code,
      "InvalidArgument",
    );
  });
});
