import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { flipped, headerParts } from "./header-parts.ts";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway, runningGateway } from "./running-gateway.ts";
import { type Answer, pathOf } from "./wire-client.ts";

const SEALED_CHUNK = C + 16;
const TRAILER = 128;
const HEADER = "x-amz-meta-s3eg";

/** Four chunks, the last of five bytes. */
const PLAIN = plaintextOf(3 * C + 5, 1);
/** As long, with other bytes. */
const OTHER = plaintextOf(3 * C + 5, 2);

/** A range of the plaintext, and the stored chunks it needs. */
const READS = [
  { range: "bytes=0-", chunks: [0, 1, 2, 3] },
  { range: "bytes=0-0", chunks: [0] },
  { range: `bytes=${C - 1}-${C}`, chunks: [0, 1] },
  { range: `bytes=${C}-${2 * C - 1}`, chunks: [1] },
  { range: `bytes=${2 * C + 7}-`, chunks: [2, 3] },
  { range: "bytes=-1", chunks: [3] },
  { range: `bytes=-${C + 5}`, chunks: [2, 3] },
  { range: `bytes=-${9 * C}`, chunks: [0, 1, 2, 3] },
] as const;

function partOf(range: string): Buffer {
  const [, first = "", last = ""] = /=(\d*)-(\d*)/.exec(range) ?? [];
  if (first === "") return PLAIN.subarray(-Math.min(Number(last), PLAIN.length));
  return PLAIN.subarray(Number(first), last === "" ? undefined : Number(last) + 1);
}

describe("tampering with a stored object", () => {
  let gateway: RunningGateway;
  let stored: Buffer;
  let header: Buffer;
  let otherStored: Buffer;
  let otherHeader: Buffer;

  before(async () => {
    gateway = await runningGateway();
    const { client, store } = gateway;
    await client.send("PUT", "/elsewhere");
    for (const [bucket, key, body] of [
      [BUCKET, "k", PLAIN],
      [BUCKET, "other", OTHER],
      [BUCKET, "moved", OTHER],
      ["elsewhere", "k", OTHER],
    ] as const) {
      assert.equal((await client.send("PUT", pathOf(bucket, key), { body })).status, 200);
    }
    const object = await store.readStored(BUCKET, "k");
    const other = await store.readStored(BUCKET, "other");
    [stored, otherStored] = [object.bytes, other.bytes];
    header = Buffer.from(object.metadata[HEADER] ?? "", "base64url");
    otherHeader = Buffer.from(other.metadata[HEADER] ?? "", "base64url");
  });
  after(() => gateway[Symbol.asyncDispose]());

  /** Puts these bytes and this header in the place of the object. */
  async function tamper(
    bytes: Buffer,
    value: string | undefined,
    at = { bucket: BUCKET, key: "k" },
  ) {
    await gateway.store.overwriteStored(at.bucket, at.key, {
      bytes,
      metadata: { [HEADER]: value },
    });
  }

  /** Not one byte that is wrong, and nothing that could be taken for the whole. */
  function checkFailed(got: Answer | undefined, expected: Buffer, what: string): void {
    if (got === undefined) return;
    if (got.status >= 400) {
      assert.equal(got.code, "InternalError", what);
      return;
    }
    assert.equal(got.isWhole, false, `${what}: ends as if it were whole`);
    assert.ok(got.bytes.length < expected.length, `${what}: delivers everything`);
    assert.ok(got.bytes.equals(expected.subarray(0, got.bytes.length)), `${what}: a wrong byte`);
  }

  async function get(path: string, range?: string): Promise<Answer | undefined> {
    const headers: Record<string, string> = range === undefined ? {} : { range };
    return await gateway.client.send("GET", path, { headers }).catch(() => undefined);
  }

  /** No read of the object succeeds; ranges may where `untouched` says that their chunks are still true. */
  async function checkReads(what: string, untouched: (chunks: readonly number[]) => boolean) {
    checkFailed(await get(pathOf(BUCKET, "k")), PLAIN, `${what}, whole`);
    for (const { range, chunks } of READS) {
      const got = await get(pathOf(BUCKET, "k"), range);
      if (untouched(chunks)) {
        assert.ok(got?.status === 206 && got.bytes.equals(partOf(range)), `${what}, ${range}`);
      } else checkFailed(got, partOf(range), `${what}, ${range}`);
    }
  }

  const nothing = () => false;
  const encoded = (bytes: Buffer) => bytes.toString("base64url");

  it("is needed for these tests: untouched, every read succeeds", async () => {
    assert.ok((await get(pathOf(BUCKET, "k")))?.bytes.equals(PLAIN));
    for (const { range } of READS) {
      assert.ok((await get(pathOf(BUCKET, "k"), range))?.bytes.equals(partOf(range)), range);
    }
  });

  it("in any field of the header is found before a byte is delivered", async () => {
    for (const { name, from, to } of headerParts(header)) {
      for (const at of new Set([from, to - 1])) {
        await tamper(stored, encoded(flipped(header, at, at % 8)));
        const what = `${name}, byte ${at - from}`;
        await checkReads(what, nothing);
        const got = await get(pathOf(BUCKET, "k"));
        assert.deepEqual([got?.status, got?.code], [500, "InternalError"], what);
        const copy = { headers: { "x-amz-copy-source": pathOf(BUCKET, "k") } };
        const copied = await gateway.client.send("PUT", pathOf(BUCKET, "copy"), copy);
        assert.equal(copied.status, 500, `${what}, copied`);
      }
    }
    assert.equal((await get(pathOf(BUCKET, "copy")))?.code, "NoSuchKey");
  });

  it("with the header as a whole is found before a byte is delivered", async () => {
    const value = encoded(header);
    for (const [what, tampered] of [
      ["padded", `${value}==`],
      ["with a space", `${value} `.replace(/^(.{9})/, "$1 ")],
      ["in plain base64", `${value.slice(0, 8)}+/${value.slice(10)}`],
      ["cut", value.slice(0, -4)],
      ["cut to one byte", "Ag"],
      ["with a byte more", encoded(Buffer.concat([header, Buffer.alloc(1)]))],
      ["doubled", value + value],
      ["twice, as HTTP joins it", `${value},${value}`],
      ["of another object", encoded(otherHeader)],
      ["empty", ""],
    ] as const) {
      await tamper(stored, tampered);
      await checkReads(what, nothing);
      const got = await get(pathOf(BUCKET, "k"));
      assert.deepEqual([got?.status, got?.code], [500, "InternalError"], what);
    }
  });

  it("by taking the header away is refused, not read as plain", async () => {
    await tamper(stored, undefined);
    for (const range of [undefined, ...READS.map((read) => read.range), `bytes=${9 * C}-`]) {
      const got = await get(pathOf(BUCKET, "k"), range);
      assert.deepEqual([got?.status, got?.code], [403, "AccessDenied"], range);
    }
  });

  it("in any chunk or tag fails every read that needs it", async () => {
    for (const chunk of [0, 1, 2, 3]) {
      const start = chunk * SEALED_CHUNK;
      const end = Math.min(start + SEALED_CHUNK, stored.length - TRAILER);
      for (const at of [start, Math.floor((start + end) / 2), end - 17, end - 16, end - 1]) {
        await tamper(flipped(stored, at, at % 8), encoded(header));
        await checkReads(`chunk ${chunk}, byte ${at - start}`, (chunks) => !chunks.includes(chunk));
      }
    }
  });

  it("in the trailer fails every read of the whole", async () => {
    for (const at of [TRAILER, TRAILER - 1, TRAILER - 4, 17, 16, 1]) {
      await tamper(flipped(stored, stored.length - at), encoded(header));
      await checkReads(`trailer, ${at} before the end`, () => true);
    }
  });

  it("by cutting or lengthening fails every read", async () => {
    for (const cut of [1, 16, TRAILER - 1, TRAILER, TRAILER + 1, TRAILER + 21, SEALED_CHUNK]) {
      await tamper(stored.subarray(0, -cut), encoded(header));
      await checkReads(`cut by ${cut}`, nothing);
      await tamper(stored.subarray(cut), encoded(header));
      await checkReads(`cut by ${cut} in front`, nothing);
    }
    for (const more of [
      Buffer.alloc(1),
      Buffer.alloc(SEALED_CHUNK),
      stored,
      stored.subarray(-TRAILER),
    ]) {
      await tamper(Buffer.concat([stored, more]), encoded(header));
      await checkReads(`${more.length} bytes more`, nothing);
    }
    await tamper(Buffer.alloc(0), encoded(header));
    await checkReads("emptied", nothing);
  });

  it("by reordering, repeating or replacing chunks fails every read that needs one", async () => {
    const chunk = (bytes: Buffer, index: number) =>
      bytes.subarray(index * SEALED_CHUNK, (index + 1) * SEALED_CHUNK);
    const rest = stored.subarray(3 * SEALED_CHUNK);
    const [a, b, c] = [chunk(stored, 0), chunk(stored, 1), chunk(stored, 2)];
    for (const [what, parts, touched] of [
      ["swapped 0 and 1", [b, a, c, rest], [0, 1]],
      ["swapped 1 and 2", [a, c, b, rest], [1, 2]],
      ["chunk 0 twice", [a, a, c, rest], [1]],
      ["chunk 2 replaced by 0", [a, b, a, rest], [2]],
      ["chunk 1 of another object", [a, chunk(otherStored, 1), c, rest], [1]],
      ["last chunk of another object", [a, b, c, otherStored.subarray(3 * SEALED_CHUNK)], [3]],
    ] as const) {
      await tamper(Buffer.concat(parts), encoded(header));
      const isTouched = (index: number) => (touched as readonly number[]).includes(index);
      await checkReads(what, (chunks) => !chunks.some(isTouched));
    }
    await tamper(Buffer.concat([a, c, rest]), encoded(header));
    await checkReads("chunk 1 left out", nothing);
    await tamper(otherStored, encoded(header));
    await checkReads("the body of another object", nothing);
    const trailer = otherStored.subarray(-TRAILER);
    await tamper(Buffer.concat([stored.subarray(0, -TRAILER), trailer]), encoded(header));
    await checkReads("the trailer of another object", () => true);
  });

  it("by moving an object to another key or bucket fails every read", async () => {
    for (const [bucket, key] of [
      [BUCKET, "moved"],
      ["elsewhere", "k"],
    ] as const) {
      await tamper(stored, encoded(header), { bucket, key });
      for (const range of [undefined, ...READS.map((read) => read.range), `bytes=${9 * C}-`]) {
        const got = await get(pathOf(bucket, key), range);
        assert.deepEqual([got?.status, got?.code], [500, "InternalError"], `${bucket} ${range}`);
      }
      const copy = { headers: { "x-amz-copy-source": pathOf(bucket, key) } };
      const copied = await gateway.client.send("PUT", pathOf(BUCKET, "copy"), copy);
      assert.equal(copied.status, 500, "copied");
    }
  });

  it("in the last chunk of a long object breaks the connection, after a true prefix", async () => {
    const body = plaintextOf(80 * C, 3);
    await gateway.client.send("PUT", pathOf(BUCKET, "long"), { body });
    const { bytes } = await gateway.store.readStored(BUCKET, "long");
    const spoilt = flipped(bytes, bytes.length - TRAILER - 1);
    await gateway.store.overwriteStored(BUCKET, "long", { bytes: spoilt });
    for (const range of [undefined, "bytes=0-", `bytes=${C + 1}-`]) {
      const got = await get(pathOf(BUCKET, "long"), range);
      const from = range === `bytes=${C + 1}-` ? C + 1 : 0;
      assert.ok(got !== undefined && got.status < 300, "began well");
      assert.equal(got.isWhole, false, "never ends");
      assert.ok(got.bytes.length > 0 && got.bytes.length <= 79 * C - from);
      assert.ok(got.bytes.equals(body.subarray(from, from + got.bytes.length)), "a true prefix");
    }
  });

  it("is told apart in the log alone", () => {
    const told = gateway.lines.filter((line) => line.includes('"crypto.integrity"'));
    assert.ok(told.length > 50, `${told.length} lines`);
  });
});
