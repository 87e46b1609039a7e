import assert from "node:assert/strict";
import { Agent } from "node:http";
import { after, before, describe, it } from "node:test";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway, runningGateway } from "./running-gateway.ts";
import { type Answer, pathOf } from "./wire-client.ts";

const SIZES = [1, C - 1, C, C + 1, 3 * C, 3 * C + 7];
/** Where chunks meet, and one beside. */
const BORDERS = [0, 1, C - 1, C, C + 1, 2 * C - 1, 2 * C, 2 * C + 1, 3 * C - 1, 3 * C];

/** The ranges of RFC 9110 §14.1.2 in all their forms, for an object of `size` bytes. */
function rangesOf(size: number): string[] {
  const forms = new Set<string>();
  for (const first of [...BORDERS, size - 1]) {
    forms
      .add(`bytes=${first}-`)
      .add(`bytes=${first}-${first}`)
      .add(`bytes=${first}-${first + C}`);
    if (first < size) forms.add(`bytes=${first}-${size - 1}`).add(`bytes=${first}-${size}`);
    forms.add(`bytes=${first}-${size + 3 * C}`);
  }
  for (const suffix of [1, 2, C - 1, C, C + 1, size, size + 1, 100 * C]) {
    forms.add(`bytes=-${suffix}`);
  }
  return [...forms];
}

/** What RFC 9110 says the range holds; undefined where it cannot be satisfied. */
function partOf(range: string, size: number): { from: number; to: number } | undefined {
  const [first = "", last = ""] = range.slice("bytes=".length).split("-");
  const from = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  return from < to ? { from, to } : undefined;
}

describe("ranges", () => {
  let gateway: RunningGateway;
  // One connection for all of it: a refused range must leave it usable.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });

  before(async () => {
    const mixed = "id: mixed\nbuckets: [mixed]\ncontents: mixed\n";
    gateway = await runningGateway({ policies: [mixed] });
    await gateway.client.send("PUT", "/mixed");
  });
  after(async () => {
    agent.destroy();
    await gateway[Symbol.asyncDispose]();
  });

  for (const [bucket, contents] of [
    [BUCKET, "sealed"],
    ["mixed", "sealed"],
    ["mixed", "plain"],
  ] as const) {
    const sizes = bucket === BUCKET ? SIZES : [5, 2 * C + 1];
    for (const size of sizes) {
      it(`of ${size} ${contents} bytes in ${bucket} are exactly what was asked for`, async () => {
        const path = pathOf(bucket, `${contents}-${size}`);
        const plaintext = plaintextOf(size);
        await gateway.client.send("PUT", path, { body: plaintext });
        if (contents === "plain") await makePlain(gateway, `plain-${size}`, plaintext);
        for (const range of rangesOf(size)) {
          const got = await gateway.client.send("GET", path, { headers: { range }, agent });
          checkPart(got, range, plaintext);
        }
      });
    }
  }

  it("of nothing, and from far beyond, are 416 with the plaintext size", async () => {
    const { send } = gateway.client;
    await send("PUT", `/${BUCKET}/empty`, { body: "" });
    await send("PUT", `/${BUCKET}/small`, { body: "0123456789" });
    for (const [name, size, range] of [
      ["empty", 0, "bytes=0-"],
      ["empty", 0, "bytes=0-0"],
      ["empty", 0, "bytes=-1"],
      ["small", 10, "bytes=-0"],
      ["small", 10, "bytes=10-"],
      ["small", 10, "bytes=11-12"],
      ["small", 10, "bytes=500-"],
      ["small", 10, `bytes=${9 * C}-`],
      ["small", 10, "bytes=999999999999999-"],
    ] as const) {
      const got = await send("GET", `/${BUCKET}/${name}`, { headers: { range } });
      assert.deepEqual([got.status, got.code], [416, "InvalidRange"], `${name} ${range}`);
      assert.match(got.text, new RegExp(`<ActualObjectSize>${size}<`), range);
      const head = await send("HEAD", `/${BUCKET}/${name}`, { headers: { range } });
      assert.equal(head.status, 416, `HEAD ${range}`);
    }
  });

  it("that cannot be read as one range are ignored", async () => {
    const { send } = gateway.client;
    await send("PUT", `/${BUCKET}/whole`, { body: "0123456789" });
    for (const range of [
      "bytes=5-2",
      "bytes=a-b",
      "lines=0-1",
      "bytes=0-1,3-4",
      "bytes=-",
      "0-1",
    ]) {
      const got = await send("GET", `/${BUCKET}/whole`, { headers: { range } });
      assert.deepEqual([got.status, got.text], [200, "0123456789"], range);
    }
  });

  it("are told by HEAD as GET gives them", async () => {
    const path = pathOf(BUCKET, "head");
    await gateway.client.send("PUT", path, { body: plaintextOf(C + 9) });
    for (const range of ["bytes=0-0", `bytes=${C}-`, "bytes=-3", `bytes=1-${9 * C}`]) {
      const [get, head] = await Promise.all(
        ["GET", "HEAD"].map((method) => gateway.client.send(method, path, { headers: { range } })),
      );
      for (const name of ["content-range", "content-length", "etag"]) {
        assert.equal(head?.headers[name], get?.headers[name], `${range} ${name}`);
      }
      assert.deepEqual([head?.status, get?.status], [206, 206]);
    }
  });

  it("with If-Range never mix two versions of an object", async () => {
    const path = pathOf(BUCKET, "if-range");
    const { send } = gateway.client;
    const { headers } = await send("PUT", path, { body: "old old old" });
    await send("PUT", path, { body: "new new new" });
    const resumed = { range: "bytes=4-", "if-range": headers.etag ?? "" };
    const got = await send("GET", path, { headers: resumed });
    assert.deepEqual([got.status, got.text], [200, "new new new"]);
  });
});

/** Exactly the part, or InvalidRange where there is none. */
function checkPart(got: Answer, range: string, plaintext: Buffer): void {
  const size = plaintext.length;
  const part = partOf(range, size);
  if (!part) {
    assert.deepEqual([got.status, got.code], [416, "InvalidRange"], range);
    return;
  }
  const { from, to } = part;
  assert.equal(got.status, 206, `${range} ${got.text.slice(0, 300)}`);
  assert.equal(got.headers["content-range"], `bytes ${from}-${to - 1}/${size}`, range);
  assert.equal(got.headers["content-length"], String(to - from), range);
  assert.ok(got.bytes.equals(plaintext.subarray(from, to)), range);
}

async function makePlain(gateway: RunningGateway, key: string, bytes: Buffer): Promise<void> {
  const metadata = { "x-amz-meta-s3eg": undefined };
  await gateway.store.overwriteStored("mixed", key, { bytes, metadata });
}
