import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { after, before, describe, it } from "node:test";
import { type GatewayBeside, gatewayBeside } from "./gateway-beside.ts";
import { plaintextOf } from "./plaintext.ts";
import { rotatingGateway } from "./rotating-gateway.ts";
import { BUCKET, type RunningGateway, runningGateway, until } from "./running-gateway.ts";
import { Uploading } from "./uploading.ts";
import { type Answer, pathOf } from "./wire-client.ts";

const POLICIES = [
  "id: forbidden\nbuckets: [uncached]\nno_cache: true\n",
  "id: mixed\nbuckets: [mixed]\ncontents: mixed\n",
  "id: whole\nbuckets: [whole]\netag: md5\nmetadata: sealed\nchecksum: always\n",
];
const SIZE = 200_000;

let gateway: RunningGateway;
/** Another edge before the same store: what it writes, the first one hears nothing of. */
let other: GatewayBeside;

before(async () => {
  const env = { CACHE_ENABLED: "true", CACHE_MAX_ITEM_SIZE: String(SIZE) };
  gateway = await runningGateway({ env, policies: POLICIES });
  other = await gatewayBeside(gateway);
  for (const bucket of ["uncached", "mixed", "whole"])
    await gateway.behind.send("PUT", `/${bucket}`);
});
after(async () => {
  await other[Symbol.asyncDispose]();
  await gateway[Symbol.asyncDispose]();
});

/** Counts so far: reads that the cache answered, and those that it could have. */
async function counts(): Promise<{ hits: number; absent: number; changed: number }> {
  const text = await (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).text();
  const countOf = (series: string) =>
    Number(
      text
        .split("\n")
        .find((line) => line.startsWith(`${series} `))
        ?.split(" ")[1] ?? 0,
    );
  return {
    hits: countOf("gateway_cache_hits_total"),
    absent: countOf('gateway_cache_misses_total{reason="absent"}'),
    changed: countOf('gateway_cache_misses_total{reason="changed"}'),
  };
}

/** How the counts change while something is done. */
async function countedIn(run: () => Promise<unknown>) {
  const first = await counts();
  await run();
  const now = await counts();
  return [now.hits - first.hits, now.absent - first.absent, now.changed - first.changed];
}

const get = (path: string, headers: Readonly<Record<string, string>> = {}, query = "") =>
  gateway.client.send("GET", path, { headers, query });

async function stored(key: string, body: Buffer, bucket = BUCKET) {
  const path = pathOf(bucket, key);
  const headers = { "content-type": "text/x", "x-amz-meta-name": "v" };
  assert.equal((await gateway.client.send("PUT", path, { body, headers })).status, 200);
  return path;
}

/** What must be the same of two answers. */
function shown({ status, headers, bytes, code }: Answer) {
  const names = ["date", "x-amz-request-id", "x-amz-id-2"];
  const told = Object.entries(headers).filter(([name]) => !names.includes(name));
  // Errors have the request id in their text, too.
  const sent = code === "" ? bytes : code;
  return { status, headers: Object.fromEntries(told) as IncomingHttpHeaders, sent };
}

describe("the response cache", () => {
  for (const bucket of [BUCKET, "whole"]) {
    it(`answers exactly as the backend does, whole and in ranges (${bucket})`, async () => {
      const body = plaintextOf(SIZE);
      const path = await stored("same", body, bucket);
      const asked = [
        {},
        { range: "bytes=10-70000" },
        { range: "bytes=-5" },
        { range: "bytes=200000-" },
        { "x-amz-checksum-mode": "ENABLED" },
        { "if-none-match": '"0123"' },
        { "if-match": '"0123"' },
      ];
      const plain = [];
      for (const headers of asked) plain.push(await other.client.send("GET", path, { headers }));
      // The other edge has no policies: its answers are of the standard one.
      const expected = bucket === BUCKET ? plain.map(shown) : undefined;
      assert.ok((await get(path)).bytes.equals(body));
      const difference = await countedIn(async () => {
        for (const [at, headers] of asked.entries()) {
          const answer = shown(await get(path, headers));
          if (expected) assert.deepEqual(answer, expected[at]);
          else assert.ok(answer.status >= 400 || answer.sent.length > 0);
        }
      });
      // Of those that a condition refuses only the backend can say so; a range beyond the end is told from what is kept.
      assert.deepEqual(difference, [5, 0, 1]);
      const { etag = "" } = (await get(path)).headers;
      assert.equal((await get(path, { "if-none-match": etag })).status, 304);
      const partial = await get(path, { range: "bytes=1-3", "if-range": etag });
      assert.deepEqual([partial.status, partial.bytes], [206, body.subarray(1, 4)]);
    });
  }

  it("shows what another edge did at once: put, copy, complete and delete", async () => {
    const path = await stored("changing", plaintextOf(1000));
    const read = async () => (await get(path)).bytes;
    const isRead = async (expected: Buffer) => {
      assert.ok((await read()).equals(expected));
      assert.ok((await read()).equals(expected));
    };
    await isRead(plaintextOf(1000));
    const put = plaintextOf(1000, 2);
    await other.client.send("PUT", path, { body: put });
    await isRead(put);
    const copied = plaintextOf(1000, 3);
    await other.client.send("PUT", pathOf(BUCKET, "source"), { body: copied });
    const headers = { "x-amz-copy-source": pathOf(BUCKET, "source") };
    await other.client.send("PUT", path, { headers });
    await isRead(copied);
    const whole = plaintextOf(1000, 4);
    const upload = await Uploading.begin({ ...gateway, client: other.client }, "changing");
    const done = await upload.complete([await upload.part(1, whole)]);
    assert.equal(done.status, 200, done.text);
    await isRead(whole);
    await other.client.send("DELETE", path);
    assert.equal((await get(path)).code, "NoSuchKey");
    await other.client.send("PUT", path, { body: put });
    await isRead(put);
  });

  it("shows new metadata of the same bytes at once", async () => {
    const path = await stored("renamed", plaintextOf(100));
    for (let read = 0; read < 2; read += 1) await get(path);
    const headers = {
      "x-amz-copy-source": path,
      "x-amz-metadata-directive": "REPLACE",
      "x-amz-meta-name": "other",
    };
    assert.equal((await other.client.send("PUT", path, { headers })).status, 200);
    for (let read = 0; read < 2; read += 1) {
      const answer = await get(path);
      assert.equal(answer.headers["x-amz-meta-name"], "other");
      assert.ok(answer.bytes.equals(plaintextOf(100)));
    }
  });

  it("is read by nobody who may not read the object", async () => {
    const path = await stored("secret", plaintextOf(100));
    for (let read = 0; read < 2; read += 1) await get(path);
    const difference = await countedIn(async () => {
      const unsigned = await gateway.client.send("GET", path, { isSigned: false });
      assert.equal(unsigned.status, 403);
      const forged = await gateway.client.send("GET", path, { secretKey: "another" });
      assert.equal(forged.status, 403);
    });
    assert.deepEqual(difference, [0, 0, 0]);
  });

  it("is not used where policy, client or object forbid it, nor for what lies unsealed", async () => {
    const customer = {
      "x-amz-server-side-encryption-customer-algorithm": "AES256",
      "x-amz-server-side-encryption-customer-key": randomBytes(32).toString("base64"),
    };
    const paths = [
      await stored("k", plaintextOf(100), "uncached"),
      await stored("parts?", plaintextOf(100)),
      await stored("larger", plaintextOf(SIZE + 1)),
      pathOf(BUCKET, "no-store"),
      pathOf("mixed", "plain"),
    ] as const;
    const { client } = gateway;
    const noStore = { "cache-control": "private, no-store" };
    await client.send("PUT", paths[3], { body: plaintextOf(100), headers: noStore });
    await gateway.behind.send("PUT", paths[4], { body: plaintextOf(100) });
    const difference = await countedIn(async () => {
      for (let read = 0; read < 2; read += 1) {
        await get(paths[0]);
        await get(paths[1], {}, "partNumber=1");
        await get(paths[1], customer);
        for (const path of paths.slice(2)) assert.equal((await get(path)).status, 200);
      }
    });
    assert.deepEqual(difference, [0, 6, 0]);
  });
});

describe("a response cache over a rotation", () => {
  it("gives nothing any more of what a retired version sealed", async () => {
    await using site = await rotatingGateway({ CACHE_ENABLED: "true" }, {});
    const { client } = site.gateway;
    const path = pathOf(BUCKET, "old");
    await client.send("PUT", path, { body: plaintextOf(100) });
    for (let read = 0; read < 2; read += 1) {
      assert.equal((await client.send("GET", path)).status, 200);
    }
    await site.keys("rotate", "2");
    await site.keys("retire", "--force", "1");
    const isHeard = () => site.gateway.lines.some((line) => line.includes('"action":"retired"'));
    await until(isHeard, "the running gateway hears of it");
    assert.equal((await client.send("GET", path)).status, 500);
  });
});
