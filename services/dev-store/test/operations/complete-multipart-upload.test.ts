import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { crc32 } from "node:zlib";
import { runningStore } from "../running-store.ts";

const BIG = Buffer.alloc(5 * 1024 * 1024, "a");
const SMALL = Buffer.from("the end");

type Store = Awaited<ReturnType<typeof runningStore>>;

async function start({ send }: Store, headers: Record<string, string> = {}): Promise<string> {
  const answer = await send("POST", "/photos/k?uploads", { headers });
  return answer.xml().textOf("UploadId") ?? "";
}

async function part(
  { send }: Store,
  uploadId: string,
  [number, body, headers = {}]: [number, Uint8Array, Record<string, string>?],
) {
  const path = `/photos/k?partNumber=${number}&uploadId=${uploadId}`;
  const answer = await send("PUT", path, { body, headers });
  return { number, etag: String(answer.headers.etag), answer };
}

function complete(
  { send }: Store,
  uploadId: string,
  {
    parts,
    headers = {},
  }: { parts: { number: number; etag: string }[]; headers?: Record<string, string> },
) {
  const list = parts.map(
    ({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`,
  );
  const body = `<CompleteMultipartUpload>${list.join("")}</CompleteMultipartUpload>`;
  return send("POST", `/photos/k?uploadId=${uploadId}`, { body, headers });
}

function crc32Of(bytes: Uint8Array): string {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(bytes));
  return checksum.toString("base64");
}

describe("CompleteMultipartUpload", () => {
  it("makes one object of its parts, gaps in the numbers and all", async () => {
    await using running = await runningStore();
    const uploadId = await start(running, { "x-amz-meta-a": "1", "x-amz-tagging": "t=1" });
    const parts = [
      await part(running, uploadId, [7, BIG]),
      await part(running, uploadId, [9, SMALL]),
    ];
    await part(running, uploadId, [8, SMALL]);
    const completed = await complete(running, uploadId, { parts });
    assert.match(completed.xml().textOf("ETag") ?? "", /^"[0-9a-f]{32}-2"$/);
    const got = await running.send("GET", "/photos/k", {
      headers: { range: `bytes=${BIG.length - 1}-` },
    });
    assert.equal(got.text, `a${SMALL}`);
    assert.equal(got.headers["x-amz-meta-a"], "1");
    const last = await running.send("HEAD", "/photos/k?partNumber=9");
    assert.equal(last.headers["x-amz-mp-parts-count"], "2");
    assert.equal(last.headers["content-length"], `${SMALL.length}`);
    assert.equal((await running.send("GET", "/photos/k?partNumber=8")).status, 416);
    const again = await complete(running, uploadId, { parts });
    assert.equal(again.code, "NoSuchUpload");
  });

  it("refuses small parts, wrong parts, wrong order and nonsense, and keeps the upload", async () => {
    await using running = await runningStore();
    const uploadId = await start(running);
    const [one, two] = [
      await part(running, uploadId, [1, SMALL]),
      await part(running, uploadId, [2, SMALL]),
    ];
    const codeOf = async (parts: { number: number; etag: string }[]) =>
      (await complete(running, uploadId, { parts })).code;
    assert.equal(await codeOf([one, two]), "EntityTooSmall");
    assert.equal(await codeOf([two, one]), "InvalidPartOrder");
    assert.equal(await codeOf([one, one]), "InvalidPartOrder");
    assert.equal(await codeOf([{ number: 1, etag: '"other"' }]), "InvalidPart");
    assert.equal(await codeOf([{ number: 3, etag: one.etag }]), "InvalidPart");
    assert.equal(await codeOf([]), "MalformedXML");
    const size = { "x-amz-mp-object-size": "3" };
    assert.equal(
      (await complete(running, uploadId, { parts: [one], headers: size })).code,
      "InvalidRequest",
    );
    assert.equal(await codeOf([one]), undefined);
    assert.equal((await running.send("GET", "/photos/k")).text, SMALL.toString());
  });

  it("keeps the upload when its condition fails", async () => {
    await using running = await runningStore();
    const uploadId = await start(running);
    const parts = [await part(running, uploadId, [1, SMALL])];
    await running.send("PUT", "/photos/k", { body: "here first" });
    const headers = { "if-none-match": "*" };
    assert.equal((await complete(running, uploadId, { parts, headers })).status, 412);
    assert.equal((await running.send("GET", "/photos/k")).text, "here first");
    assert.equal((await complete(running, uploadId, { parts })).status, 200);
  });

  it("computes checksums of both types and compares them with what it is told", async () => {
    await using running = await runningStore();
    for (const type of ["COMPOSITE", "FULL_OBJECT"]) {
      const algorithm = { "x-amz-checksum-algorithm": "CRC32", "x-amz-checksum-type": type };
      const uploadId = await start(running, algorithm);
      const parts = [];
      for (const [place, body] of [BIG, SMALL].entries()) {
        const headers = { "x-amz-checksum-crc32": crc32Of(body) };
        parts.push(await part(running, uploadId, [place + 1, body, headers]));
      }
      const expected =
        type === "FULL_OBJECT"
          ? crc32Of(Buffer.concat([BIG, SMALL]))
          : `${crc32Of(Buffer.concat([BIG, SMALL].map((body) => Buffer.from(crc32Of(body), "base64"))))}-2`;
      const wrong = { "x-amz-checksum-crc32": "AAAAAA==" };
      assert.equal(
        (await complete(running, uploadId, { parts, headers: wrong })).code,
        "BadDigest",
      );
      const right = { "x-amz-checksum-crc32": expected, "x-amz-checksum-type": type };
      const completed = await complete(running, uploadId, { parts, headers: right });
      assert.equal(completed.xml().textOf("ChecksumCRC32"), expected);
      const attributes = await running.send("GET", "/photos/k?attributes", {
        headers: {
          "x-amz-object-attributes": "Checksum, ObjectParts,ObjectSize",
          "x-amz-max-parts": "1",
        },
      });
      const objectParts = attributes.xml().child("ObjectParts");
      assert.equal(objectParts?.textOf("PartsCount"), "2");
      assert.equal(objectParts.textOf("IsTruncated"), "true");
      assert.equal(objectParts.child("Part")?.textOf("ChecksumCRC32"), crc32Of(BIG));
    }
  });

  it("insists on the upload's checksum for every part", async () => {
    await using running = await runningStore();
    const uploadId = await start(running, { "x-amz-checksum-algorithm": "SHA256" });
    assert.equal((await part(running, uploadId, [1, SMALL])).answer.code, "InvalidRequest");
    const headers = { "x-amz-checksum-crc32": crc32Of(SMALL) };
    const other = await part(running, uploadId, [1, SMALL, headers]);
    assert.equal(other.answer.code, "InvalidRequest");
    for (const refused of [
      { "x-amz-checksum-algorithm": "MD4" },
      { "x-amz-checksum-type": "COMPOSITE" },
      { "x-amz-checksum-algorithm": "SHA1", "x-amz-checksum-type": "FULL_OBJECT" },
      { "x-amz-checksum-algorithm": "CRC64NVME", "x-amz-checksum-type": "COMPOSITE" },
    ] as Record<string, string>[]) {
      const answer = await running.send("POST", "/photos/k?uploads", { headers: refused });
      assert.equal(answer.code, "InvalidRequest");
    }
  });

  it("lists parts and uploads in pages, and forgets what is aborted", async () => {
    await using running = await runningStore();
    const { send } = running;
    const [first, second] = [await start(running), await start(running)];
    for (const number of [3, 1, 2]) await part(running, first, [number, SMALL]);
    const page = (await send("GET", `/photos/k?uploadId=${first}&max-parts=2`)).xml();
    assert.deepEqual(
      page.all("Part").map((one) => one.textOf("PartNumber")),
      ["1", "2"],
    );
    assert.deepEqual(
      [page.textOf("IsTruncated"), page.textOf("NextPartNumberMarker")],
      ["true", "2"],
    );
    const uploads = (await send("GET", "/photos?uploads&max-uploads=1")).xml();
    const markers = `key-marker=k&upload-id-marker=${uploads.textOf("NextUploadIdMarker") ?? ""}`;
    const rest = (await send("GET", `/photos?uploads&${markers}`)).xml();
    assert.deepEqual(
      new Set(
        [uploads, rest].flatMap((one) => one.all("Upload")).map((one) => one.textOf("UploadId")),
      ),
      new Set([first, second]),
    );
    assert.equal((await send("DELETE", `/photos/k?uploadId=${first}`)).status, 204);
    assert.equal((await send("DELETE", `/photos/k?uploadId=${first}`)).code, "NoSuchUpload");
  });

  it("copies ranges of objects into parts", async () => {
    await using running = await runningStore();
    const { send } = running;
    await send("PUT", "/photos/source", { body: "0123456789" });
    const uploadId = await start(running, { "x-amz-checksum-algorithm": "CRC32" });
    const copy = (range: string) =>
      send("PUT", `/photos/k?partNumber=1&uploadId=${uploadId}`, {
        headers: { "x-amz-copy-source": "/photos/source", "x-amz-copy-source-range": range },
      });
    assert.equal((await copy("bytes=2-")).code, "InvalidArgument");
    assert.equal((await copy("bytes=5-10")).code, "InvalidRange");
    const copied = (await copy("bytes=2-4")).xml();
    assert.equal(copied.textOf("ChecksumCRC32"), crc32Of(Buffer.from("234")));
    const parts = [{ number: 1, etag: copied.textOf("ETag") ?? "" }];
    assert.equal((await complete(running, uploadId, { parts })).status, 200);
    assert.equal((await send("GET", "/photos/k")).text, "234");
  });
});
