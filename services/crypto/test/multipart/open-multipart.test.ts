import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { sealedPartSizeOf } from "@s3eg/shared/format/sizes.ts";
import { answerOf } from "../memory-backend.ts";
import { faultOf } from "../multipart-state/state-contract.ts";
import { C, plaintextOf } from "../running-crypto.ts";
import { MIN_PART, RunningUploads, refusedAs } from "./running-uploads.ts";

const BIG = plaintextOf(MIN_PART + 1);
const SMALL = plaintextOf(C + 5);
const WHOLE = Buffer.concat([BIG, SMALL]);

async function uploaded(): Promise<RunningUploads> {
  const uploads = new RunningUploads();
  const { uploadId } = await uploads.create();
  const named = [await uploads.part(uploadId, 1, BIG), await uploads.part(uploadId, 2, SMALL)];
  await uploads.complete(uploadId, named);
  uploads.backend.requests.length = 0;
  return uploads;
}

describe("a multipart object", () => {
  for (const [name, range, first, end] of [
    ["the first byte", { first: 0, last: 0 }, 0, 1],
    ["both sides of a part's border", { first: BIG.length - 1, last: BIG.length }, -C - 6, -C - 4],
    ["the end", { suffix: 3 }, -3, undefined],
    ["all from a chunk's middle", { first: C + 7 }, C + 7, undefined],
  ] as const) {
    it(`is opened for ${name}`, async () => {
      await using uploads = await uploaded();
      const { result, bytes } = await uploads.crypto.open("k", { range });
      const wanted = WHOLE.subarray(first, end);
      assert.ok(bytes.equals(wanted));
      assert.deepEqual([result.size, result.range.length], [WHOLE.length, wanted.length]);
    });
  }

  it("is asked only for the chunks that cover a range, and its manifest", async () => {
    await using uploads = await uploaded();
    await uploads.crypto.open("k", { range: { first: BIG.length - 1, last: BIG.length } });
    const [, manifest = "", chunks = ""] = uploads.backend.requests.map(
      ({ headers }) => headers?.range ?? "",
    );
    const stored = uploads.stored().bytes.byteLength;
    const [, from = ""] = /^bytes=(\d+)-$/.exec(manifest) ?? [];
    assert.ok(stored - Number(from) < 1000, manifest);
    const [, start = "", last = ""] = /^bytes=(\d+)-(\d+)$/.exec(chunks) ?? [];
    // The last chunk of the first part holds one byte, the first one of the second is full.
    assert.equal(Number(last) - Number(start) + 1, 1 + 16 + C + 16);
  });

  for (const [part, wanted] of [
    [1, BIG],
    [2, SMALL],
  ] as const) {
    it(`is asked for part ${part} with one byte, its manifest and the part's own chunks`, async () => {
      await using uploads = await uploaded();
      const { result, bytes } = await uploads.crypto.open("k", { part });
      assert.ok(bytes.equals(wanted));
      assert.deepEqual([result.size, result.part], [WHOLE.length, { count: 2 }]);
      const from = part === 1 ? 0 : sealedPartSizeOf(BIG.length);
      const last = from + sealedPartSizeOf(wanted.length) - 1;
      const [first, , chunks] = uploads.backend.requests.map(({ headers }) => headers?.range);
      assert.deepEqual([first, chunks], ["bytes=0-0", `bytes=${from}-${last}`]);
      assert.equal(uploads.backend.requests.length, 3);
    });
  }

  it("has no part that it was not made of", async () => {
    await using uploads = await uploaded();
    await assert.rejects(uploads.crypto.open("k", { part: 3 }), refusedAs("InvalidPartNumber"));
  });

  it("that is replaced between two reads is not mixed", async () => {
    await using uploads = await uploaded();
    uploads.backend.intercept = (answer, { headers }) =>
      headers?.["if-match"] === undefined ? answer : answerOf(412);
    await assert.rejects(uploads.crypto.open("k"), faultOf("backend.changed"));
  });

  for (const [what, changed] of [
    ["another header", { [HEADER_FIELD]: "AA" }],
    ["another range", { "content-range": "bytes 0-9/100" }],
    ["no range", { "content-range": "" }],
  ] as const) {
    it(`is not believed where a later answer has ${what}`, async () => {
      await using uploads = await uploaded();
      uploads.backend.intercept = (answer, { headers }) =>
        headers?.["if-match"] === undefined
          ? answer
          : { ...answer, headers: { ...answer.headers, ...changed } };
      await assert.rejects(uploads.crypto.open("k"), faultOf("crypto.integrity"));
    });
  }

  it("is not opened where its ETag has no part count", async () => {
    await using uploads = await uploaded();
    const { bytes, headers } = uploads.stored();
    uploads.backend.put("k", bytes, headers);
    await assert.rejects(uploads.crypto.open("k"), faultOf("crypto.integrity"));
  });

  it("that was cut before the range is no range beyond the end", async () => {
    await using uploads = await uploaded();
    const object = uploads.stored();
    const range = { first: WHOLE.length - 1, last: WHOLE.length - 1 };
    for (const bytes of [object.bytes.subarray(0, C), Buffer.alloc(0)]) {
      uploads.backend.objects.set("k", { ...object, bytes });
      await assert.rejects(uploads.crypto.open("k", { range }), faultOf("crypto.integrity"));
    }
  });

  it("refuses a range beyond its end by its proven size", async () => {
    await using uploads = await uploaded();
    for (const first of [WHOLE.length, 100 * WHOLE.length]) {
      await assert.rejects(uploads.crypto.open("k", { range: { first } }), /range/i);
    }
  });
});
