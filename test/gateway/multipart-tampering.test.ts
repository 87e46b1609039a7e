import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { flipped } from "./header-parts.ts";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway, runningGateway, until } from "./running-gateway.ts";
import { MIN_PART, Uploading, uploadParts } from "./uploading.ts";
import { type Answer, pathOf } from "./wire-client.ts";

/** Two parts of one size and a small one, which the region follows within its backend part. */
const SIZES = [MIN_PART + 5, MIN_PART + 5, C + 3] as const;
const PARTS = SIZES.map((size, index) => plaintextOf(size, index + 1));
const WHOLE = Buffer.concat(PARTS);
const [BORDER, SECOND_BORDER] = [SIZES[0], SIZES[0] + SIZES[1]];

/** Plaintext that a read asks for; undefined: the whole, without a range. */
const READS = [
  undefined,
  [0, 0],
  [C - 1, C],
  [BORDER - 1, BORDER],
  [BORDER, BORDER],
  [SECOND_BORDER - 6, SECOND_BORDER + C],
  [WHOLE.length - 1, WHOLE.length - 1],
] as const;
type Read = (typeof READS)[number];

/** Stored bytes of a part (docs/format.md §7). */
function sealedSizeOf(size: number): number {
  return size + 16 * Math.ceil(size / C);
}

/** Not one byte that is wrong, and nothing that could be taken for the whole. */
function checkFailed(got: Answer | undefined, wanted: Buffer, what: string): void {
  if (got === undefined) return;
  if (got.status >= 400) {
    assert.deepEqual([got.status, got.code], [500, "InternalError"], what);
    return;
  }
  assert.equal(got.isWhole, false, `${what}: ends as if it were whole`);
  assert.ok(got.bytes.length < wanted.length, `${what}: delivers everything`);
  assert.ok(got.bytes.equals(wanted.subarray(0, got.bytes.length)), `${what}: a wrong byte`);
}

describe("tampering with a stored multipart object", () => {
  let gateway: RunningGateway;
  let stored: Buffer;
  let other: Buffer;
  let older: Buffer;
  /** Where each part begins, and where the region does. */
  const starts = [0, 1, 2, 3].map((index) =>
    SIZES.slice(0, index).reduce((sum, size) => sum + sealedSizeOf(size), 0),
  );
  const [, second = 0, third = 0, region = 0] = starts;

  before(async () => {
    gateway = await runningGateway();
    const upload = await Uploading.begin(gateway, "k");
    const named = [];
    for (const [index, body] of PARTS.entries()) named.push(await upload.part(index + 1, body));
    assert.equal((await upload.complete(named)).status, 200);
    const layout = PARTS.map((body, index) => [index + 1, body] as const);
    assert.equal((await uploadParts(gateway, "other", layout)).status, 200);
    stored = (await gateway.store.readStored(BUCKET, "k")).bytes;
    other = (await gateway.store.readStored(BUCKET, "other")).bytes;
    older = await olderObject();
  });
  after(() => gateway[Symbol.asyncDispose]());

  /** What lay under the key before: the same plaintext from an earlier upload. */
  async function olderObject(): Promise<Buffer> {
    const layout = PARTS.map((body, index) => [index + 1, body] as const);
    const { metadata } = await gateway.store.readStored(BUCKET, "k");
    assert.equal((await uploadParts(gateway, "k", layout)).status, 200);
    const { bytes, metadata: later } = await gateway.store.readStored(BUCKET, "k");
    assert.notEqual(metadata["x-amz-meta-s3eg"], later["x-amz-meta-s3eg"]);
    const preceding = stored;
    stored = bytes;
    return preceding;
  }

  const tamper = (bytes: Buffer) => gateway.store.overwriteStored(BUCKET, "k", { bytes });

  async function get(read: Read): Promise<Answer | undefined> {
    const headers: Record<string, string> = read ? { range: `bytes=${read[0]}-${read[1]}` } : {};
    return await gateway.client
      .send("GET", pathOf(BUCKET, "k"), { headers })
      .catch(() => undefined);
  }

  const getFrom = (first: number): Promise<Answer> =>
    gateway.client.send("GET", pathOf(BUCKET, "k"), { headers: { range: `bytes=${first}-` } });

  const wantedOf = (read: Read) => (read ? WHOLE.subarray(read[0], read[1] + 1) : WHOLE);

  /** Every read fails or, where it needs nothing that was touched, is right. */
  async function checkReads(what: string, isTouched: (read: Read) => boolean): Promise<void> {
    for (const read of READS) {
      const known = announced();
      const got = await get(read);
      if (isTouched(read)) await until(() => announced() > known, `${what}: tampering announced`);
      else assert.equal(announced(), known, `${what}: announced for nothing`);
      const where = `${what}, ${read ? read.join("-") : "whole"}`;
      if (isTouched(read)) checkFailed(got, wantedOf(read), where);
      else assert.ok(got?.status === 206 && got.bytes.equals(wantedOf(read)), where);
    }
  }

  const everything = () => true;

  /** Times that `mpu.tamper_detected` was announced and logged. */
  const announced = () =>
    gateway.lines.filter((line) => line.includes('"incident":"mpu.tamper_detected"')).length;

  it("is needed for these tests: untouched, every read succeeds", async () => {
    for (const read of READS) {
      assert.ok((await get(read))?.bytes.equals(wantedOf(read)), String(read));
    }
    assert.ok(stored.subarray(-4).equals(Buffer.from("S3EG")));
  });

  for (const part of [0, 1, 2]) {
    it(`in part ${part + 1} fails every read that needs the chunk`, async () => {
      const size = SIZES[part] ?? 0;
      const chunks = Math.ceil(size / C);
      const preceding = SIZES.slice(0, part).reduce((sum, each) => sum + each, 0);
      for (const [chunk, at] of [
        [0, 0],
        [chunks - 1, sealedSizeOf(size) - 1],
      ] as const) {
        const first = preceding + chunk * C;
        const end = preceding + Math.min((chunk + 1) * C, size);
        await tamper(flipped(stored, (starts[part] ?? 0) + at, at % 8));
        const isTouched = (read: Read) => !read || (read[0] < end && read[1] >= first);
        await checkReads(`part ${part + 1}, byte ${at}`, isTouched);
      }
    });
  }

  for (const part of [0, 1, 2]) {
    it(`in the first chunk of part ${part + 1} is a 500 for who begins there, and breaks off who began before`, async () => {
      const from = SIZES.slice(0, part).reduce((sum, each) => sum + each, 0);
      await tamper(flipped(stored, (starts[part] ?? 0) + 9, 3));
      const begun = await getFrom(from);
      assert.deepEqual([begun.status, begun.code], [500, "InternalError"]);
      for (const first of part === 0 ? [] : [from - C, 0]) {
        const got = await getFrom(first);
        assert.deepEqual([got.status, got.isWhole], [206, false]);
        assert.ok(got.bytes.length <= from - first, "a byte of the chunk that was touched");
        assert.ok(
          got.bytes.equals(WHOLE.subarray(first, first + got.bytes.length)),
          "a wrong byte",
        );
      }
    });
  }

  it("in the manifest region fails every read", async () => {
    const end = stored.length;
    for (const at of [region, end - 37, end - 20, end - 6, end - 1]) {
      await tamper(flipped(stored, at, at % 8));
      await checkReads(`region, ${end - at} before the end`, everything);
    }
  });

  it("by swapping, dropping or repeating parts fails every read that needs one", async () => {
    const [one, two] = [stored.subarray(0, second), stored.subarray(second, third)];
    const rest = stored.subarray(third);
    const inBoth = (read: Read) => !read || read[0] < SECOND_BORDER;
    await tamper(Buffer.concat([two, one, rest]));
    await checkReads("swapped", inBoth);
    await tamper(Buffer.concat([one, one, rest]));
    await checkReads("repeated", (read) => !read || (read[0] < SECOND_BORDER && read[1] >= BORDER));
    await tamper(Buffer.concat([one, rest]));
    await checkReads("dropped", everything);
    await tamper(Buffer.concat([one, two, stored.subarray(region)]));
    await checkReads("last one dropped", everything);
  });

  it("with parts or the region of another object, or of an older upload, fails every read", async () => {
    for (const [what, strange] of [
      ["other", other],
      ["older", older],
    ] as const) {
      assert.equal(strange.length, stored.length);
      await tamper(Buffer.concat([strange.subarray(0, second), stored.subarray(second)]));
      await checkReads(`first part of ${what}`, (read) => !read || read[0] < BORDER);
      await tamper(Buffer.concat([stored.subarray(0, region), strange.subarray(region)]));
      await checkReads(`region of ${what}`, everything);
      await tamper(strange);
      await checkReads(`all of ${what}`, everything);
    }
  });

  it("by cutting or lengthening fails every read", async () => {
    const tail = stored.subarray(region);
    for (const [what, bytes] of [
      ["cut by 1", stored.subarray(0, -1)],
      ["cut by the region", stored.subarray(0, region)],
      ["cut in front", stored.subarray(1)],
      ["cut by a chunk before the region", Buffer.concat([stored.subarray(0, region - C), tail])],
      ["emptied", Buffer.alloc(0)],
      ["longer by 1", Buffer.concat([stored, Buffer.alloc(1)])],
      ["longer by a region", Buffer.concat([stored, tail])],
      ["longer in front", Buffer.concat([Buffer.alloc(16), stored])],
      ["twice as long", Buffer.concat([stored, stored])],
    ] as const) {
      await tamper(bytes);
      await checkReads(what, everything);
    }
  });

  it("is not made good by an UploadPartCopy", async () => {
    await tamper(flipped(stored, second - 1));
    const upload = await Uploading.begin(gateway, "copy");
    const answer = await upload.copy(1, pathOf(BUCKET, "k"));
    assert.ok(answer.status >= 500 || answer.code !== "", answer.text);
    assert.equal((await upload.complete([{ partNumber: 1, etag: '""' }])).code, "InvalidPart");
  });
});
