import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { runningEdge, STANDARD } from "../running-edge.ts";
import { PART_ETAG, serveUploads } from "../stand-in-uploads.ts";

async function edgeWithSource(options: Parameters<typeof runningEdge>[0] = {}) {
  const edge = await runningEdge(options);
  const uploads = serveUploads(edge.transfers);
  await edge.send({ method: "PUT", path: "/photos/source", body: "0123456789" });
  const copy = (range?: string, headers: Record<string, string> = {}) =>
    edge.send({
      method: "PUT",
      path: "/photos/cat?partNumber=2&uploadId=u",
      headers: {
        "x-amz-copy-source": "/photos/source",
        ...(range === undefined ? {} : { "x-amz-copy-source-range": range }),
        ...headers,
      },
    });
  return { edge, uploads, copy, [Symbol.asyncDispose]: () => edge[Symbol.asyncDispose]() };
}

describe("UploadPartCopy", () => {
  for (const [range, text] of [
    [undefined, "0123456789"],
    ["bytes=0-0", "0"],
    ["bytes=3-9", "3456789"],
  ] as const) {
    it(`makes a part of ${range ?? "all"} of the source's plaintext`, async () => {
      await using test = await edgeWithSource();
      const answer = await test.copy(range);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.xml().name, "CopyPartResult");
      assert.equal(answer.xml().textOf("ETag"), `${PART_ETAG.slice(0, -1)}-0"`);
      const [part] = test.uploads.parts;
      assert.deepEqual(
        [part?.text, part?.head.size, part?.head.partNumber],
        [text, text.length, 2],
      );
    });
  }

  it("tells the MD5 and the checksum of what was copied where the policy wants them", async () => {
    const rules = [{ ...STANDARD, buckets: ["photos"], etag: "md5", checksum: "always" } as const];
    await using test = await edgeWithSource({ rules });
    const md5 = hash("md5", "3456");
    const answer = await test.copy("bytes=3-6");
    assert.equal(answer.xml().textOf("ETag"), `"${md5}"`);
    const { tail } = test.uploads.parts[0] ?? assert.fail();
    assert.deepEqual([tail.md5, tail.checksum?.algorithm], [md5, "crc64nvme"]);
  });

  for (const [range, code] of [
    ["bytes=0-10", "InvalidRange"],
    ["bytes=5-", "InvalidArgument"],
    ["bytes=-5", "InvalidArgument"],
    ["0-5", "InvalidArgument"],
  ] as const) {
    it(`refuses ${range} of ten bytes with ${code}`, async () => {
      await using test = await edgeWithSource();
      assert.equal((await test.copy(range)).code, code);
      assert.deepEqual(test.uploads.parts, []);
    });
  }

  it("refuses more than server.max_part_buffer, and a range of it is what counts", async () => {
    await using test = await edgeWithSource({ env: { SERVER_MAX_PART_BUFFER: "5242880" } });
    const big = { method: "PUT", path: "/photos/big", body: Buffer.alloc(5_242_881) };
    assert.equal((await test.edge.send(big)).status, 200);
    const from = { "x-amz-copy-source": "/photos/big" };
    const much = await test.copy(undefined, from);
    assert.deepEqual([much.status, much.code], [413, "EntityTooLarge"]);
    assert.deepEqual(test.uploads.parts, []);
    assert.equal((await test.copy("bytes=1-5242880", from)).status, 200);
  });

  it("refuses a plain source where the bucket requires encryption", async () => {
    const rule = { ...STANDARD, contents: "mixed", requiresEncryption: true } as const;
    await using test = await edgeWithSource({ rules: [{ ...rule, buckets: ["photos"] }] });
    assert.equal((await test.copy()).status, 200);
    test.edge.crypto.plain = true;
    const refused = await test.copy();
    assert.deepEqual([refused.status, refused.code], [403, "AccessDenied"]);
    assert.match(refused.text, /requires encryption/);
    assert.deepEqual(
      test.uploads.parts.map(({ head }) => head.mustSeal),
      [true],
    );
  });

  it("refuses a source that is not there, and one that changed", async () => {
    await using test = await edgeWithSource();
    const none = { "x-amz-copy-source": "/photos/none" };
    assert.equal((await test.copy(undefined, none)).code, "NoSuchKey");
    const other = { "x-amz-copy-source-if-match": `"${"0".repeat(32)}-0"` };
    assert.equal((await test.copy(undefined, other)).status, 412);
    assert.deepEqual(test.uploads.parts, []);
  });

  it("learns the MD5 where the policy shows it, and tells the checksum of the upload", async () => {
    const rule = { ...STANDARD, id: "m", etag: "md5", buckets: ["photos"] } as const;
    await using test = await edgeWithSource({ rules: [rule] });
    test.uploads.partChecksum = { algorithm: "sha256", value: "AAAA" };
    const answer = (await test.copy("bytes=3-9")).xml();
    assert.equal(answer.textOf("ETag"), `"${hash("md5", "3456789")}"`);
    assert.equal(answer.textOf("ChecksumSHA256"), "AAAA");
    assert.deepEqual(test.uploads.parts[0]?.tail, { md5: hash("md5", "3456789") });
  });

  it("reads the source with its owner's and its customer's key, and says which version it was", async () => {
    await using test = await edgeWithSource();
    const key = "server-side-encryption-customer-key";
    const asked = {
      "x-amz-copy-source": "/photos/source?versionId=v",
      [`x-amz-copy-source-${key}`]: "old",
      [`x-amz-${key}`]: "new",
      "x-amz-source-expected-bucket-owner": "o",
    };
    const { headers } = test.edge.backend.objects.get("photos/source") ?? assert.fail();
    test.edge.backend.put("photos/source", Buffer.from("0123456789"), {
      ...headers,
      "x-amz-version-id": "v",
    });
    const answer = await test.copy("bytes=0-4", asked);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers["x-amz-copy-source-version-id"], "v");
    const opened = test.edge.crypto.opens.at(-1);
    assert.equal(opened?.target.versionId, "v");
    assert.deepEqual(
      [opened.headers[`x-amz-${key}`], opened.headers["x-amz-expected-bucket-owner"]],
      ["old", "o"],
    );
    assert.equal(test.uploads.parts[0]?.head.headers[`x-amz-${key}`], "new");
  });

  it("refuses where a read would not be modified", async () => {
    await using test = await edgeWithSource();
    const { etag } = test.edge.backend.objects.get("photos/source") ?? assert.fail();
    const same = { "x-amz-copy-source-if-none-match": `${etag.slice(0, -1)}-0"` };
    const refused = await test.copy(undefined, same);
    assert.deepEqual([refused.status, refused.code], [412, "PreconditionFailed"]);
  });
});
