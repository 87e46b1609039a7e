import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { crc32 } from "node:zlib";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway, runningGateway } from "./running-gateway.ts";
import { elementOf, elementsOf, MIN_PART, type NamedPart, Uploading } from "./uploading.ts";
import { type Answer, pathOf } from "./wire-client.ts";

const FIRST = plaintextOf(MIN_PART + C + 7, 1);
const SECOND = plaintextOf(MIN_PART + 1, 2);
const LAST = plaintextOf(C + 3, 3);
const EMPTY = Buffer.alloc(0);
const CHECKED = { "x-amz-checksum-mode": "ENABLED" };

type Layout = readonly (readonly [partNumber: number, body: Buffer])[];

/** With the manifest behind a small last part, and in a backend part of its own. */
const LAYOUTS: Readonly<Record<string, Layout>> = {
  "small-last": [
    [1, FIRST],
    [2, SECOND],
    [3, LAST],
  ],
  "big-last": [
    [3, SECOND],
    [9999, FIRST],
  ],
  "empty-last": [
    [1, FIRST],
    [2, EMPTY],
  ],
};

function crcOf(bytes: Uint8Array): string {
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(bytes));
  return crc.toString("base64");
}

/** What an answer about a part tells of it. */
function toldOf({ status, headers }: Answer) {
  return {
    status,
    range: headers["content-range"],
    length: headers["content-length"],
    count: headers["x-amz-mp-parts-count"],
    crc32: headers["x-amz-checksum-crc32"],
    type: headers["x-amz-checksum-type"],
  };
}

function shownOf(part: { at: number; body: Buffer; total: number; count: number }) {
  const { at, body, total, count } = part;
  const isEmpty = body.length === 0;
  return {
    status: isEmpty ? 200 : 206,
    range: isEmpty ? undefined : `bytes ${at}-${at + body.length - 1}/${total}`,
    length: String(body.length),
    count: String(count),
    crc32: crcOf(body),
    type: "COMPOSITE",
  };
}

describe("parts of an object", () => {
  let gateway: RunningGateway;
  before(async () => {
    const mixed = "id: mixed\nbuckets: [mixed]\ncontents: mixed\n";
    gateway = await runningGateway({ policies: [mixed] });
    await gateway.client.send("PUT", "/mixed");
  });
  after(() => gateway[Symbol.asyncDispose]());

  const ask = async (
    method: string,
    [bucket, key, part]: [string, string, number | string],
    headers: Record<string, string> = {},
  ): Promise<Answer> =>
    await gateway.client.send(method, pathOf(bucket, key), {
      query: `partNumber=${part}`,
      headers,
    });

  async function uploaded(key: string, layout: Layout, isSummed: boolean): Promise<void> {
    const asked = isSummed ? { "x-amz-checksum-algorithm": "CRC32" } : {};
    const upload = await Uploading.begin(gateway, key, asked);
    const named: NamedPart[] = [];
    for (const [partNumber, body] of layout) {
      const sum = isSummed ? { "x-amz-checksum-crc32": crcOf(body) } : {};
      named.push(await upload.part(partNumber, body, sum));
    }
    assert.equal((await upload.complete(named)).status, 200);
  }

  for (const [key, layout] of Object.entries(LAYOUTS)) {
    it(`are read one by one (${key})`, async () => {
      await uploaded(key, layout, true);
      const total = layout.reduce((sum, [, body]) => sum + body.length, 0);
      let at = 0;
      for (const [part, body] of layout) {
        const got = await ask("GET", [BUCKET, key, part], CHECKED);
        const head = await ask("HEAD", [BUCKET, key, part], CHECKED);
        assert.ok(got.bytes.equals(body), `${part}: ${got.status} ${got.text.slice(0, 200)}`);
        const shown = shownOf({ at, body, total, count: layout.length });
        assert.deepEqual([got, head].map(toldOf), [shown, shown]);
        assert.equal(got.headers.etag, head.headers.etag);
        at += body.length;
      }
      for (const part of [4, 10_000]) {
        const got = await ask("GET", [BUCKET, key, part]);
        assert.deepEqual([got.status, got.code], [416, "InvalidPartNumber"]);
        assert.equal(elementOf(got, "ActualPartCount"), String(layout.length));
        assert.equal((await ask("HEAD", [BUCKET, key, part])).status, 416);
      }
    });
  }

  it("hold to conditions, and go with no range", async () => {
    await uploaded("conditional", LAYOUTS["empty-last"] ?? [], false);
    const { etag = "" } = (await ask("HEAD", [BUCKET, "conditional", 1])).headers;
    for (const method of ["GET", "HEAD"]) {
      const place: [string, string, number] = [BUCKET, "conditional", 1];
      assert.equal((await ask(method, place, { "if-match": etag })).status, 206);
      assert.equal((await ask(method, place, { "if-match": '"x-2"' })).status, 412);
      assert.equal((await ask(method, place, { "if-none-match": etag })).status, 304);
      assert.equal((await ask(method, place, { range: "bytes=0-1" })).status, 400);
      assert.equal((await ask(method, [BUCKET, "none", 1])).status, 404);
      assert.equal((await ask(method, [BUCKET, "conditional", 0])).status, 400);
    }
    assert.equal((await ask("GET", [BUCKET, "none", 1])).code, "NoSuchKey");
  });

  for (const body of [LAST, EMPTY]) {
    it(`are one where ${body.length} bytes were stored in one piece`, async () => {
      const key = `single-${body.length}`;
      await gateway.client.send("PUT", pathOf(BUCKET, key), {
        body,
        headers: { "x-amz-checksum-crc32": crcOf(body) },
      });
      const got = await ask("GET", [BUCKET, key, 1], CHECKED);
      assert.ok(got.bytes.equals(body));
      for (const { status, headers } of [got, await ask("HEAD", [BUCKET, key, 1], CHECKED)]) {
        assert.equal(status, body.length > 0 ? 206 : 200);
        assert.equal(headers["content-length"], String(body.length));
        assert.equal(headers["x-amz-mp-parts-count"], undefined);
        assert.equal(headers["x-amz-checksum-crc32"], crcOf(body));
      }
      assert.equal((await ask("GET", [BUCKET, key, 2])).code, "InvalidPartNumber");
      assert.equal((await ask("HEAD", [BUCKET, key, 2])).status, 416);
    });
  }

  it("are the backend's where the object is plain", async () => {
    const started = await gateway.behind.send("POST", "/mixed/plain", { query: "uploads=" });
    const id = elementOf(started, "UploadId");
    const nodes: string[] = [];
    for (const [index, body] of [FIRST, LAST].entries()) {
      const query = `partNumber=${index + 1}&uploadId=${id}`;
      const { headers } = await gateway.behind.send("PUT", "/mixed/plain", { query, body });
      const etag = String(headers.etag);
      nodes.push(`<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
    }
    const body = `<CompleteMultipartUpload>${nodes.join("")}</CompleteMultipartUpload>`;
    await gateway.behind.send("POST", "/mixed/plain", { query: `uploadId=${id}`, body });
    const got = await ask("GET", ["mixed", "plain", 2]);
    assert.ok(got.bytes.equals(LAST));
    for (const { status, headers } of [got, await ask("HEAD", ["mixed", "plain", 2])]) {
      const end = FIRST.length + LAST.length;
      assert.equal(status, 206);
      assert.equal(headers["content-range"], `bytes ${FIRST.length}-${end - 1}/${end}`);
      assert.equal(headers["x-amz-mp-parts-count"], "2");
    }
    assert.equal((await ask("GET", ["mixed", "plain", 3])).status, 416);
    assert.equal((await ask("HEAD", ["mixed", "plain", 3])).status, 416);
    await gateway.behind.send("PUT", pathOf(BUCKET, "plain"), { body: LAST });
    assert.equal((await ask("GET", [BUCKET, "plain", 1])).status, 403);
    assert.equal((await ask("HEAD", [BUCKET, "plain", 1])).status, 403);
  });

  it("are listed with their attributes, page by page", async () => {
    const layout = LAYOUTS["small-last"] ?? [];
    await uploaded("attributes", layout, true);
    const attributes = async (more: Record<string, string> = {}, key = "attributes") =>
      await gateway.client.send("GET", pathOf(BUCKET, key), {
        query: "attributes=",
        headers: { "x-amz-object-attributes": "ObjectParts,ObjectSize", ...more },
      });
    const all = await attributes();
    assert.equal(elementOf(all, "PartsCount"), "3");
    assert.deepEqual(elementsOf(all, "PartNumber"), ["1", "2", "3"]);
    assert.deepEqual(
      elementsOf(all, "Size"),
      layout.map(([, body]) => String(body.length)),
    );
    assert.deepEqual(
      elementsOf(all, "ChecksumCRC32"),
      layout.map(([, body]) => crcOf(body)),
    );
    const first = await attributes({ "x-amz-max-parts": "2" });
    assert.deepEqual(elementsOf(first, "PartNumber"), ["1", "2"]);
    assert.equal(elementOf(first, "IsTruncated"), "true");
    const marker = elementOf(first, "NextPartNumberMarker");
    const rest = await attributes({ "x-amz-part-number-marker": marker });
    assert.deepEqual(elementsOf(rest, "PartNumber"), ["3"]);
    assert.equal(elementOf(rest, "IsTruncated"), "false");
    assert.equal((await attributes({ "x-amz-max-parts": "x" })).code, "InvalidArgument");
    await uploaded("unsummed", layout, false);
    const unsummed = await attributes({}, "unsummed");
    assert.equal(elementOf(unsummed, "PartsCount"), "3");
    assert.deepEqual(elementsOf(unsummed, "PartNumber"), ["1", "2", "3"]);
    assert.deepEqual(elementsOf(unsummed, "ChecksumCRC32"), []);
  });
});
