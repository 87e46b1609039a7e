import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { el, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { answer } from "../memory-backend.ts";
import { runningEdge } from "../running-edge.ts";
import { PART_ETAG, serveUploads } from "../stand-in-uploads.ts";

async function edgeWithParts() {
  const edge = await runningEdge();
  const uploads = serveUploads(edge.transfers);
  const owner = el("Owner", el("ID", "owner-1"));
  const upload = el("ListPartsResult", owner, el("StorageClass", "GLACIER"), el("MaxParts", 1));
  edge.backend.intercept = () => answer(200, {}, xmlDocument(upload));
  const common = { size: 5, etag: PART_ETAG, lastModifiedMs: 0 };
  uploads.listed = [1, 4, 6].map((partNumber) => ({ ...common, partNumber }));
  const list = async (query = "") =>
    await edge.send({ method: "GET", path: `/photos/cat?uploadId=u${query}` });
  return { edge, uploads, list, [Symbol.asyncDispose]: () => edge[Symbol.asyncDispose]() };
}

describe("ListParts", () => {
  for (const [query, numbers, isTruncated, next] of [
    ["", ["1", "4", "6"], "false", "6"],
    ["&max-parts=2", ["1", "4"], "true", "4"],
    ["&max-parts=2&part-number-marker=4", ["6"], "false", "6"],
    ["&part-number-marker=6", [], "false", undefined],
    ["&max-parts=9999", ["1", "4", "6"], "false", "6"],
  ] as const) {
    it(`lists parts ${numbers.join(", ") || "no more"} for "${query}"`, async () => {
      await using test = await edgeWithParts();
      const xml = (await test.list(query)).xml();
      const parts = xml.all("Part");
      assert.deepEqual(
        parts.map((part) => part.textOf("PartNumber")),
        numbers,
      );
      assert.equal(xml.textOf("IsTruncated"), isTruncated);
      assert.equal(xml.textOf("NextPartNumberMarker"), next);
    });
  }

  it("tells plaintext size, shown ETag, time and checksum of a part", async () => {
    await using test = await edgeWithParts();
    const checksum = { algorithm: "crc32", value: "y/Q5Jg==" } as const;
    test.uploads.listed = test.uploads.listed.slice(0, 1).map((each) => ({ ...each, checksum }));
    test.uploads.listing = { checksum: { algorithm: "crc32", type: "COMPOSITE" } };
    const xml = (await test.list()).xml();
    const texts = ["Bucket", "Key", "UploadId", "ChecksumAlgorithm", "ChecksumType"];
    assert.deepEqual(
      texts.map((name) => xml.textOf(name)),
      ["photos", "cat", "u", "CRC32", "COMPOSITE"],
    );
    const [part] = xml.all("Part");
    assert.deepEqual(
      ["Size", "ETag", "LastModified", "ChecksumCRC32"].map((name) => part?.textOf(name)),
      ["5", `${PART_ETAG.slice(0, -1)}-0"`, "1970-01-01T00:00:00.000Z", "y/Q5Jg=="],
    );
  });

  it("tells of the upload what the backend alone knows", async () => {
    await using test = await edgeWithParts();
    const xml = (await test.list("&max-parts=7")).xml();
    assert.equal(xml.child("Owner")?.textOf("ID"), "owner-1");
    assert.deepEqual([xml.textOf("StorageClass"), xml.textOf("MaxParts")], ["GLACIER", "7"]);
    assert.equal(xml.child("Initiator"), undefined);
    test.edge.backend.intercept = () => answer(404, {}, "<Error><Code>NoSuchUpload</Code></Error>");
    assert.equal((await test.list()).code, "NoSuchUpload");
  });

  it("refuses numbers that are none", async () => {
    await using test = await edgeWithParts();
    for (const query of ["&max-parts=-1", "&max-parts=x", "&part-number-marker=1.5"]) {
      assert.equal((await test.list(query)).code, "InvalidArgument", query);
    }
  });
});
