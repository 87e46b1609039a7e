import assert from "node:assert/strict";
import { createHash, hash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway, runningGateway } from "./running-gateway.ts";
import { elementOf, MIN_PART, type NamedPart, Uploading, uploadParts } from "./uploading.ts";
import { pathOf } from "./wire-client.ts";

const BIG = plaintextOf(MIN_PART + C + 7, 1);
const OTHER_BIG = plaintextOf(MIN_PART + 1, 2);
const SMALL = plaintextOf(C + 3, 3);
const CHECKED = { "x-amz-checksum-mode": "ENABLED" };

function sha256(bytes: Uint8Array): string {
  return hash("sha256", bytes, "base64");
}

describe("parts that are copied", () => {
  let gateway: RunningGateway;
  before(async () => {
    const md5 = `id: md5\nbuckets: [${BUCKET}]\netag: md5\n`;
    const mixed = "id: mixed\nbuckets: [mixed]\ncontents: mixed\n";
    gateway = await runningGateway({ policies: [md5, mixed] });
    await gateway.client.send("PUT", "/mixed");
    await gateway.client.send("PUT", pathOf(BUCKET, "single"), { body: BIG });
    await gateway.behind.send("PUT", "/mixed/plain", { body: OTHER_BIG });
    const layout = [
      [1, OTHER_BIG],
      [2, SMALL],
    ] as const;
    await uploadParts(gateway, "multi", layout);
  });
  after(() => gateway[Symbol.asyncDispose]());

  async function checkHolds(key: string, whole: Buffer): Promise<void> {
    const got = await gateway.client.send("GET", pathOf(BUCKET, key));
    assert.equal(got.status, 200, got.text.slice(0, 300));
    assert.ok(got.bytes.equals(whole), key);
  }

  it("and parts without a checksum make up for it, in that of the whole and in its ETag", async () => {
    const asked = { "x-amz-checksum-algorithm": "SHA256" };
    const upload = await Uploading.begin(gateway, "summed", asked);
    const parts = [
      BIG,
      OTHER_BIG,
      Buffer.concat([OTHER_BIG, SMALL]).subarray(1),
      OTHER_BIG,
      SMALL.subarray(5, 10),
    ];
    const answers = [
      await upload.copy(1, pathOf(BUCKET, "single")),
      await upload.copy(2, "/mixed/plain"),
      await upload.copy(
        3,
        pathOf(BUCKET, "multi"),
        `bytes=1-${OTHER_BIG.length + SMALL.length - 1}`,
      ),
      await upload.send(4, OTHER_BIG),
      await upload.copy(
        5,
        pathOf(BUCKET, "multi"),
        `bytes=${OTHER_BIG.length + 5}-${OTHER_BIG.length + 9}`,
      ),
    ];
    const named = answers.map((answer, index): NamedPart => {
      assert.equal(answer.status, 200, answer.text);
      const etag = elementOf(answer, "ETag") || String(answer.headers.etag);
      const part = parts[index] ?? Buffer.alloc(0);
      const sum = elementOf(answer, "ChecksumSHA256") || answer.headers["x-amz-checksum-sha256"];
      assert.equal(sum, sha256(part), `part ${index + 1}`);
      assert.equal(etag, `"${hash("md5", part)}"`);
      const more = `<ChecksumSHA256>${sha256(part)}</ChecksumSHA256>`;
      return { partNumber: index + 1, etag, more };
    });
    const done = await upload.complete(named);
    assert.equal(done.status, 200, done.text);
    const sums = Buffer.concat(parts.map((part) => hash("sha256", part, "buffer")));
    assert.equal(elementOf(done, "ChecksumSHA256"), `${sha256(sums)}-5`);
    const md5 = createHash("md5");
    for (const part of parts) md5.update(hash("md5", part, "buffer"));
    assert.equal(elementOf(done, "ETag"), `"${md5.digest("hex")}-5"`);
    await checkHolds("summed", Buffer.concat(parts));
    const { headers } = await gateway.client.send("HEAD", pathOf(BUCKET, "summed"), {
      headers: CHECKED,
    });
    assert.equal(headers["x-amz-checksum-sha256"], `${sha256(sums)}-5`);
  });

  it("are those of the version that is named", async () => {
    const versioning =
      "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    await gateway.client.send("PUT", "/versions");
    await gateway.behind.send("PUT", "/versions", { query: "versioning=", body: versioning });
    const old = await gateway.client.send("PUT", "/versions/k", { body: SMALL });
    await gateway.client.send("PUT", "/versions/k", { body: "newer" });
    const version = String(old.headers["x-amz-version-id"]);
    const upload = await Uploading.begin(gateway, "versioned");
    const answer = await upload.copy(1, `/versions/k?versionId=${version}`);
    assert.equal(answer.headers["x-amz-copy-source-version-id"], version);
    await upload.complete([{ partNumber: 1, etag: elementOf(answer, "ETag") }]);
    await checkHolds("versioned", SMALL);
  });

  it("are refused with another checksum, beyond the source, and where a condition fails", async () => {
    const asked = { "x-amz-checksum-algorithm": "SHA256" };
    const upload = await Uploading.begin(gateway, "refused", asked);
    const other = { "x-amz-checksum-sha1": hash("sha1", SMALL, "base64") };
    assert.equal((await upload.send(1, SMALL, other)).code, "InvalidRequest");
    const from = pathOf(BUCKET, "multi");
    assert.equal((await upload.copy(1, from, "bytes=0-99999999")).code, "InvalidRange");
    const { headers } = await gateway.client.send("HEAD", from);
    for (const condition of [
      { "x-amz-copy-source-if-match": '"x-2"' },
      { "x-amz-copy-source-if-none-match": String(headers.etag) },
    ]) {
      const source = { "x-amz-copy-source": from, ...condition };
      assert.equal((await upload.send(1, Buffer.alloc(0), source)).code, "PreconditionFailed");
    }
  });
});
