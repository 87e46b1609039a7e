import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { crc32 } from "node:zlib";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway, runningGateway } from "./running-gateway.ts";
import { elementOf, elementsOf, MIN_PART, Uploading, uploadParts } from "./uploading.ts";
import { type Answer, pathOf } from "./wire-client.ts";

const BIG = plaintextOf(MIN_PART + C + 7, 1);
const OTHER_BIG = plaintextOf(MIN_PART + 1, 2);
const SMALL = plaintextOf(C + 3, 3);
const OTHER_SMALL = plaintextOf(C + 3, 4);
const CHECKED = { "x-amz-checksum-mode": "ENABLED" };

type Layout = readonly (readonly [partNumber: number, body: Buffer])[];

/** Parts in the order of their upload. */
const LAYOUTS: Readonly<Record<string, Layout>> = {
  "one-small": [[1, SMALL]],
  "one-empty": [[1, Buffer.alloc(0)]],
  "one-big": [[1, BIG]],
  "small-last": [
    [1, BIG],
    [2, SMALL],
  ],
  "empty-last": [
    [1, OTHER_BIG],
    [2, Buffer.alloc(0)],
  ],
  "big-last": [
    [1, OTHER_BIG],
    [2, BIG],
  ],
  gaps: [
    [3, BIG],
    [9999, SMALL],
  ],
  backwards: [
    [7, OTHER_SMALL],
    [5, OTHER_BIG],
    [2, BIG],
  ],
};

function wholeOf(layout: Layout): Buffer {
  const inOrder = [...layout].sort(([a], [b]) => a - b);
  return Buffer.concat(inOrder.map(([, body]) => body));
}

/** Ranges that begin right before or at a part's border, or end there. */
function rangesAtBorders(layout: Layout): [first: number, last: number][] {
  const inOrder = [...layout].sort(([a], [b]) => a - b);
  const borders = [0];
  for (const [, body] of inOrder) borders.push((borders.at(-1) ?? 0) + body.length);
  const size = borders.at(-1) ?? 0;
  const firsts = new Set(borders.flatMap((border) => [border - 1, border, border + 1]));
  return [...firsts]
    .filter((first) => first >= 0 && first < size)
    .flatMap((first) =>
      [first, first + 1, first + C].map((last) => [first, last] as [number, number]),
    );
}

function crcOf(bytes: Uint8Array): Buffer {
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(bytes));
  return crc;
}

describe("multipart uploads", () => {
  let gateway: RunningGateway;
  before(async () => {
    gateway = await runningGateway();
  });
  after(() => gateway[Symbol.asyncDispose]());

  const get = async (key: string, headers: Record<string, string> = {}): Promise<Answer> =>
    await gateway.client.send("GET", pathOf(BUCKET, key), { headers });

  const head = async (key: string, headers: Record<string, string> = {}): Promise<Answer> =>
    await gateway.client.send("HEAD", pathOf(BUCKET, key), { headers });

  async function checkHolds(key: string, whole: Buffer): Promise<void> {
    const got = await get(key);
    assert.equal(got.status, 200, got.text.slice(0, 300));
    assert.ok(got.bytes.equals(whole), key);
  }

  for (const [key, layout] of Object.entries(LAYOUTS)) {
    it(`round-trip ${key}, whole and at every part's border`, async () => {
      const whole = wholeOf(layout);
      const done = await uploadParts(gateway, key, layout);
      assert.equal(done.status, 200, done.text);
      await checkHolds(key, whole);
      for (const [first, last] of rangesAtBorders(layout)) {
        const got = await get(key, { range: `bytes=${first}-${last}` });
        const wanted = whole.subarray(first, last + 1);
        const isRight = got.status === 206 && got.bytes.equals(wanted);
        assert.ok(isRight, `${first}-${last}: ${got.status}`);
        const end = Math.min(last, whole.length - 1);
        assert.equal(got.headers["content-range"], `bytes ${first}-${end}/${whole.length}`);
      }
      if (whole.length === 0) return;
      const suffix = await get(key, { range: `bytes=-${C + 4}` });
      assert.ok(suffix.bytes.equals(whole.subarray(-(C + 4))), "suffix");
      const behind = await get(key, { range: `bytes=${whole.length}-` });
      assert.deepEqual([behind.status, behind.code], [416, "InvalidRange"]);
    });

    it(`show ${key} with one size and one ETag, wherever it is asked for`, async () => {
      const upload = await Uploading.begin(gateway, `shown/${key}`);
      const named = [];
      for (const [partNumber, body] of layout) named.push(await upload.part(partNumber, body));
      named.sort((a, b) => a.partNumber - b.partNumber);
      const inOrder = [...layout].sort(([a], [b]) => a - b);
      const parts = await upload.listParts();
      assert.deepEqual(
        elementsOf(parts, "Size"),
        inOrder.map(([, body]) => String(body.length)),
      );
      assert.deepEqual(
        elementsOf(parts, "ETag"),
        named.map((part) => part.etag),
      );
      const done = await upload.complete(named);
      const etag = elementOf(done, "ETag");
      const { headers } = await head(`shown/${key}`);
      const size = String(wholeOf(layout).length);
      assert.deepEqual([headers.etag, headers["content-length"]], [etag, size]);
      assert.equal((await get(`shown/${key}`)).headers.etag, etag);
      const query = `list-type=2&prefix=${encodeURIComponent(`shown/${key}`)}`;
      const list = await gateway.client.send("GET", `/${BUCKET}`, { query });
      assert.deepEqual([elementOf(list, "ETag"), elementOf(list, "Size")], [etag, size]);
    });
  }

  it("page through the parts", async () => {
    const upload = await Uploading.begin(gateway, "paged");
    for (const partNumber of [1, 4, 6]) await upload.part(partNumber, SMALL);
    const first = await upload.listParts("max-parts=2&");
    assert.deepEqual(elementsOf(first, "PartNumber"), ["1", "4"]);
    assert.deepEqual(
      [elementOf(first, "IsTruncated"), elementOf(first, "NextPartNumberMarker")],
      ["true", "4"],
    );
    const rest = await upload.listParts("max-parts=2&part-number-marker=4&");
    assert.deepEqual(elementsOf(rest, "PartNumber"), ["6"]);
    assert.equal(elementOf(rest, "IsTruncated"), "false");
  });

  for (const [size, one, two] of [
    ["small", SMALL, OTHER_SMALL],
    ["big", BIG, OTHER_BIG],
  ] as const) {
    it(`let the last of two attempts at a ${size} part win`, async () => {
      const upload = await Uploading.begin(gateway, `twice-${size}`);
      const older = await upload.part(1, one);
      const newer = await upload.part(1, two);
      const refused = await upload.complete([older]);
      assert.deepEqual([refused.status, refused.code], [400, "InvalidPart"]);
      assert.equal((await upload.complete([newer])).status, 200);
      await checkHolds(`twice-${size}`, two);
    });
  }

  it("leave out the parts that Complete does not name", async () => {
    const upload = await Uploading.begin(gateway, "chosen");
    const named = await upload.part(2, BIG);
    await upload.part(1, OTHER_BIG);
    await upload.part(3, SMALL);
    assert.equal((await upload.complete([named])).status, 200);
    await checkHolds("chosen", BIG);
  });

  it("take many small parts, of which one may be the last", async () => {
    const upload = await Uploading.begin(gateway, "many-small");
    const named = [await upload.part(1, BIG)];
    for (let partNumber = 2; partNumber <= 12; partNumber += 1) {
      named.push(await upload.part(partNumber, plaintextOf(100 + partNumber, partNumber)));
    }
    assert.equal(elementsOf(await upload.listParts(), "PartNumber").length, 12);
    assert.equal((await upload.complete(named)).code, "EntityTooSmall");
    assert.equal((await upload.complete([...named.slice(0, 1), ...named.slice(-1)])).status, 200);
    await checkHolds("many-small", Buffer.concat([BIG, plaintextOf(112, 12)]));
  });

  it("refuse what S3 refuses", async () => {
    const upload = await Uploading.begin(gateway, "refused");
    const small = await upload.part(1, SMALL);
    const big = await upload.part(2, BIG);
    const unknown = { partNumber: 9, etag: big.etag };
    for (const [parts, code] of [
      [[small, big], "EntityTooSmall"],
      [[big, small], "InvalidPartOrder"],
      [[unknown], "InvalidPart"],
      [[{ partNumber: 2, etag: small.etag }], "InvalidPart"],
      [[{ partNumber: 2, etag: '""' }], "InvalidPart"],
      [[], "MalformedXML"],
    ] as const) {
      const answer = await upload.complete(parts);
      assert.deepEqual([answer.status, answer.code], [400, code]);
    }
    for (const partNumber of [0, 10_001, -1]) {
      assert.equal((await upload.send(partNumber, SMALL)).code, "InvalidArgument");
    }
    assert.equal((await get("refused")).code, "NoSuchKey");
    assert.equal((await upload.complete([big])).status, 200);
  });

  it("are unknown after Abort, and under another key", async () => {
    const upload = await Uploading.begin(gateway, "aborted");
    const named = await upload.part(1, SMALL);
    const elsewhere = { query: `partNumber=2&uploadId=${upload.uploadId}`, body: SMALL };
    const moved = await gateway.client.send("PUT", pathOf(BUCKET, "moved"), elsewhere);
    assert.equal(moved.code, "NoSuchUpload");
    assert.equal((await upload.abort()).status, 204);
    for (const answer of [
      await upload.send(2, SMALL),
      await upload.send(2, BIG),
      await upload.complete([named]),
      await upload.listParts(),
      await upload.abort(),
    ]) {
      assert.deepEqual([answer.status, answer.code], [404, "NoSuchUpload"]);
    }
    const behind = await gateway.behind.send("GET", `/${BUCKET}`, { query: "uploads=" });
    assert.ok(!behind.text.includes("<Key>aborted</Key>"), "left on the backend");
  });

  it("answer a repeated Complete alike, and take nothing more", async () => {
    const upload = await Uploading.begin(gateway, "repeated");
    const named = [await upload.part(1, BIG), await upload.part(2, SMALL)];
    const done = await upload.complete(named);
    const again = await upload.complete(named);
    assert.equal(done.status, 200, done.text);
    assert.deepEqual([again.status, again.text], [200, done.text]);
    assert.equal((await upload.send(3, SMALL)).code, "NoSuchUpload");
    assert.equal((await upload.listParts()).code, "NoSuchUpload");
    await checkHolds("repeated", Buffer.concat([BIG, SMALL]));
  });

  it("make one object of two Completes at once", async () => {
    const upload = await Uploading.begin(gateway, "at-once");
    const named = [await upload.part(1, BIG), await upload.part(2, SMALL)];
    const answers = await Promise.all([upload.complete(named), upload.complete(named)]);
    assert.ok(answers.some(({ status }) => status === 200));
    await checkHolds("at-once", Buffer.concat([BIG, SMALL]));
  });

  it("keep an object that must not be replaced", async () => {
    await gateway.client.send("PUT", pathOf(BUCKET, "there"), { body: SMALL });
    const upload = await Uploading.begin(gateway, "there");
    const named = await upload.part(1, BIG);
    const refused = await upload.complete([named], { "if-none-match": "*" });
    assert.deepEqual([refused.status, refused.code], [412, "PreconditionFailed"]);
    await checkHolds("there", SMALL);
    const fresh = await Uploading.begin(gateway, "not-there");
    const part = await fresh.part(1, BIG);
    assert.equal((await fresh.complete([part], { "if-none-match": "*" })).status, 200);
  });

  for (const type of ["COMPOSITE", "FULL_OBJECT"] as const) {
    it(`give a ${type} checksum back`, async () => {
      const key = `summed-${type}`;
      const asked = { "x-amz-checksum-algorithm": "CRC32", "x-amz-checksum-type": type };
      const upload = await Uploading.begin(gateway, key, asked);
      const named = [];
      for (const [partNumber, body] of [
        [1, BIG],
        [2, SMALL],
      ] as const) {
        const value = crcOf(body).toString("base64");
        const part = await upload.part(partNumber, body, { "x-amz-checksum-crc32": value });
        named.push({ ...part, more: `<ChecksumCRC32>${value}</ChecksumCRC32>` });
      }
      const ofParts = crcOf(Buffer.concat([crcOf(BIG), crcOf(SMALL)])).toString("base64");
      const value =
        type === "COMPOSITE"
          ? `${ofParts}-2`
          : crcOf(Buffer.concat([BIG, SMALL])).toString("base64");
      const wrong = named.map((part) => ({
        ...part,
        more: "<ChecksumCRC32>AAAAAA==</ChecksumCRC32>",
      }));
      assert.equal((await upload.complete(wrong)).code, "InvalidPart");
      const other = { "x-amz-checksum-crc32": "AAAAAA==" };
      assert.equal((await upload.complete(named, other)).code, "BadDigest");
      const done = await upload.complete(named, { "x-amz-checksum-crc32": value });
      assert.deepEqual(
        [elementOf(done, "ChecksumCRC32"), elementOf(done, "ChecksumType")],
        [value, type],
      );
      for (const answer of [await head(key, CHECKED), await get(key, CHECKED)]) {
        assert.equal(answer.headers["x-amz-checksum-crc32"], value);
        assert.equal(answer.headers["x-amz-checksum-type"], type);
      }
    });
  }

  it("refuse a part whose checksum is another", async () => {
    const upload = await Uploading.begin(gateway, "wrong-sum");
    for (const body of [SMALL, BIG]) {
      const refused = await upload.send(1, body, { "x-amz-checksum-crc32": "AAAAAA==" });
      assert.deepEqual([refused.status, refused.code], [400, "BadDigest"]);
      const md5 = { "content-md5": hash("md5", "other", "base64") };
      assert.equal((await upload.send(1, body, md5)).code, "BadDigest");
    }
    assert.deepEqual(elementsOf(await upload.listParts(), "PartNumber"), []);
  });

  it("copy ranges of single and multipart objects into parts", async () => {
    await gateway.client.send("PUT", pathOf(BUCKET, "single"), { body: BIG });
    const layout: Layout = [
      [1, OTHER_BIG],
      [2, BIG],
    ];
    await uploadParts(gateway, "multi", layout);
    const multi = wholeOf(layout);
    const from = OTHER_BIG.length - 3;
    const last = multi.length - 1;
    const upload = await Uploading.begin(gateway, "copied");
    const answers = [
      await upload.copy(1, pathOf(BUCKET, "single")),
      await upload.copy(2, pathOf(BUCKET, "multi"), `bytes=${from}-${last}`),
      await upload.copy(3, pathOf(BUCKET, "single"), `bytes=${C - 1}-${C}`),
    ];
    const named = answers.map((answer, index) => {
      assert.equal(answer.status, 200, answer.text);
      return { partNumber: index + 1, etag: elementOf(answer, "ETag") };
    });
    const beyond = `bytes=0-${BIG.length}`;
    assert.equal((await upload.copy(4, pathOf(BUCKET, "single"), beyond)).code, "InvalidRange");
    assert.equal((await upload.copy(4, pathOf(BUCKET, "none"))).code, "NoSuchKey");
    assert.equal((await upload.complete(named)).status, 200);
    await checkHolds(
      "copied",
      Buffer.concat([BIG, multi.subarray(from), BIG.subarray(C - 1, C + 1)]),
    );
  });

  it("are never turned into an object that can't be read by a CopyObject", async () => {
    const layout: Layout = [
      [1, OTHER_BIG],
      [2, SMALL],
    ];
    await uploadParts(gateway, "source", layout);
    const whole = wholeOf(layout);
    for (const key of ["copy-of-source", "source"]) {
      const headers = {
        "x-amz-copy-source": pathOf(BUCKET, "source"),
        "x-amz-metadata-directive": "REPLACE",
      };
      const copied = await gateway.client.send("PUT", pathOf(BUCKET, key), { headers });
      if (copied.status === 200) await checkHolds(key, whole);
      else assert.ok(["NoSuchKey", ""].includes((await get(key)).code), key);
    }
    await checkHolds("source", whole);
  });
});
