import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runningStore } from "../running-store.ts";

describe("PutObject", () => {
  it("keeps content headers and metadata, and takes aws-chunked off", async () => {
    await using running = await runningStore();
    const headers = {
      "cache-control": "no-store",
      "content-encoding": "aws-chunked, gzip",
      "content-type": "text/x-test",
      expires: "never",
      "x-amz-meta-a": "gr\u00c3\u00bcn",
      "x-amz-storage-class": "STANDARD_IA",
      "x-amz-tagging": "a=1",
    };
    const put = await running.send("PUT", "/photos/k", { headers, body: "x" });
    assert.equal(put.status, 200, put.text);
    const head = await running.send("HEAD", "/photos/k");
    assert.equal(head.headers["content-encoding"], "gzip");
    assert.equal(head.headers["x-amz-meta-a"], "gr\u00c3\u00bcn");
    assert.equal(head.headers["x-amz-storage-class"], "STANDARD_IA");
    assert.equal(head.headers["x-amz-tagging-count"], "1");
    assert.equal(head.headers.expires, "never");
  });

  it("refuses too much metadata, unknown storage classes, bad tags and long keys", async () => {
    await using running = await runningStore();
    const { send } = running;
    const codeOf = async (headers: Record<string, string>, key = "k") =>
      (await send("PUT", `/photos/${key}`, { headers, body: "x" })).code;
    assert.equal(await codeOf({ "x-amz-meta-a": "x".repeat(2048) }), "MetadataTooLarge");
    assert.equal(await codeOf({ "x-amz-storage-class": "DEEP_ARCHIVE" }), "InvalidArgument");
    assert.equal(await codeOf({ "x-amz-tagging": "a=1&a=2" }), "InvalidTag");
    assert.equal(await codeOf({ "x-amz-tagging": "a=%zz" }), "InvalidArgument");
    assert.equal(await codeOf({}, "x".repeat(1025)), "KeyTooLongError");
    assert.equal((await send("GET", "/photos/k")).code, "NoSuchKey");
  });

  it("refuses conditions that S3 does not know", async () => {
    await using running = await runningStore();
    const headers = { "if-none-match": '"abc"' };
    const answer = await running.send("PUT", "/photos/k", { headers, body: "x" });
    assert.deepEqual([answer.status, answer.code], [501, "NotImplemented"]);
  });

  it("keeps a checksum only if one was given, and refuses two or a wrong one", async () => {
    await using running = await runningStore();
    const { send } = running;
    const mode = { "x-amz-checksum-mode": "ENABLED" };
    const crc32 = { "x-amz-checksum-crc32": "y/Q5Jg==" };
    await send("PUT", "/photos/k", { body: "123456789" });
    const plain = await send("GET", "/photos/k", { headers: mode });
    assert.equal(plain.headers["x-amz-checksum-type"], undefined);
    await send("PUT", "/photos/k", { body: "123456789", headers: crc32 });
    const checked = await send("GET", "/photos/k", { headers: mode });
    assert.equal(checked.headers["x-amz-checksum-crc32"], "y/Q5Jg==");
    const codeOf = async (headers: Record<string, string>) =>
      (await send("PUT", "/photos/k", { headers, body: "other" })).code;
    assert.equal(await codeOf(crc32), "BadDigest");
    assert.equal(await codeOf({ "x-amz-checksum-crc32": "AAA=" }), "InvalidRequest");
    assert.equal(await codeOf({ ...crc32, "x-amz-checksum-crc32c": "AAAAAA==" }), "InvalidRequest");
    assert.equal(await codeOf({ "x-amz-sdk-checksum-algorithm": "CRC32" }), "InvalidRequest");
    assert.equal(await codeOf({ "x-amz-trailer": "x-amz-other" }), "InvalidRequest");
    assert.equal((await send("GET", "/photos/k")).text, "123456789");
  });

  it("takes an unsigned trailer, and refuses a body without the one it announced", async () => {
    await using running = await runningStore();
    const { send } = running;
    const headers = {
      "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      "x-amz-decoded-content-length": "9",
      "x-amz-trailer": "x-amz-checksum-crc32",
    };
    const chunk = "9\r\n123456789\r\n0\r\n";
    const body = `${chunk}x-amz-checksum-crc32:y/Q5Jg==\r\n\r\n`;
    assert.equal((await send("PUT", "/photos/k", { headers, body })).status, 200);
    const without = await send("PUT", "/photos/k", { headers, body: `${chunk}x-other:1\r\n\r\n` });
    assert.equal(without.code, "MalformedTrailerError");
    const { "x-amz-decoded-content-length": _, ...lengthless } = headers;
    const unknown = await send("PUT", "/photos/k", { headers: lengthless, body });
    assert.equal(unknown.code, "MissingContentLength");
  });
});
