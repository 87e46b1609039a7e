/** A backend that takes only parts of one size (Cloudflare R2): manifests lie beside their objects, and no client sees them. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway, runningGateway } from "./running-gateway.ts";
import { elementOf, elementsOf, MIN_PART, uploadParts } from "./uploading.ts";
import { type Answer, pathOf } from "./wire-client.ts";

const BIG = plaintextOf(MIN_PART, 1);
const SMALL = plaintextOf(C + 3, 2);
const WHOLE = Buffer.concat([BIG, BIG, SMALL]);
const LAYOUT = [
  [1, BIG],
  [2, BIG],
  [3, SMALL],
] as const;
const SEALED = [BIG, BIG, SMALL].reduce(
  (sum, { length }) => sum + length + 16 * Math.ceil(length / C),
  0,
);

describe("objects in parts on a backend that wants parts of one size", () => {
  let gateway: RunningGateway;
  before(async () => {
    gateway = await runningGateway({ env: { BACKEND_PROVIDER: "r2" } });
  });
  after(() => gateway[Symbol.asyncDispose]());

  const send = (
    method: string,
    key: string,
    headers: Record<string, string> = {},
  ): Promise<Answer> => gateway.client.send(method, pathOf(BUCKET, key), { headers });
  const list = (query: string): Promise<Answer> =>
    gateway.client.send("GET", `/${BUCKET}`, { query });
  const upload = async (key: string) => {
    const done = await uploadParts(gateway, key, LAYOUT);
    assert.equal(done.status, 200, done.text);
  };
  /** Keys on the backend that begin so. */
  const stored = async (prefix: string) => {
    const answer = await gateway.behind.send("GET", `/${BUCKET}`, {
      query: `list-type=2&prefix=${prefix}`,
    });
    return elementsOf(answer, "Key");
  };

  it("are read whole, in ranges and in parts, and have their size everywhere", async () => {
    await upload("read");
    const names = await stored("read");
    assert.equal(names.length, 2);
    assert.match(names[1] ?? "", /^read\.[0-9a-f]{16}\.mpu-manifest$/);
    assert.equal((await gateway.store.readStored(BUCKET, "read")).bytes.length, SEALED);
    assert.ok((await send("GET", "read")).bytes.equals(WHOLE));
    for (const first of [0, BIG.length - 1, 2 * BIG.length, WHOLE.length - 1]) {
      const got = await send("GET", "read", { range: `bytes=${first}-${first + 9}` });
      assert.ok(got.bytes.equals(WHOLE.subarray(first, first + 10)), String(first));
    }
    assert.equal((await send("HEAD", "read")).headers["content-length"], String(WHOLE.length));
    const listed = await list("list-type=2&prefix=read");
    assert.deepEqual(elementsOf(listed, "Key"), ["read"]);
    assert.deepEqual(elementsOf(listed, "Size"), [String(WHOLE.length)]);
    assert.equal(elementOf(listed, "KeyCount"), "1");
  });

  it("page through listings that hide what is between", async () => {
    for (const key of ["page/a", "page/b"]) await upload(key);
    const seen: string[] = [];
    let marker = "";
    for (let page = 0; page < 8; page += 1) {
      const answer = await list(`prefix=page%2F&max-keys=1&marker=${encodeURIComponent(marker)}`);
      seen.push(...elementsOf(answer, "Key"));
      if (elementOf(answer, "IsTruncated") !== "true") break;
      marker = elementOf(answer, "NextMarker") || (seen.at(-1) ?? "");
    }
    assert.deepEqual(seen, ["page/a", "page/b"]);
  });

  it("are copied with their manifest, under a name of its own", async () => {
    await upload("source");
    const copied = await send("PUT", "copy", { "x-amz-copy-source": pathOf(BUCKET, "source") });
    assert.equal(copied.status, 200, copied.text);
    assert.ok((await send("GET", "copy")).bytes.equals(WHOLE));
    const names = [...(await stored("source")), ...(await stored("copy"))];
    assert.equal(new Set(names.map((name) => name.split(".")[1] ?? "")).size, 3);
  });

  it("are deleted with their manifest, one by one or many at once", async () => {
    for (const key of ["gone/1", "gone/2", "gone/3"]) await upload(key);
    assert.equal((await stored("gone")).length, 6);
    assert.equal((await send("DELETE", "gone/1")).status, 204);
    const nodes = ["gone/2", "gone/3", "gone/none"].map(
      (key) => `<Object><Key>${key}</Key></Object>`,
    );
    const body = `<Delete>${nodes.join("")}</Delete>`;
    const answer = await gateway.client.send("POST", `/${BUCKET}`, { query: "delete=", body });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(await stored("gone"), []);
  });

  it("have manifests that no client can name", async () => {
    await upload("own");
    const [, companion = ""] = await stored("own");
    for (const method of ["GET", "HEAD", "PUT", "DELETE"]) {
      assert.equal((await send(method, companion)).status, 400, method);
    }
    const source = { "x-amz-copy-source": pathOf(BUCKET, companion) };
    assert.equal((await send("PUT", "stolen", source)).code, "InvalidArgument");
    const body = `<Delete><Object><Key>${companion}</Key></Object></Delete>`;
    const many = await gateway.client.send("POST", `/${BUCKET}`, { query: "delete=", body });
    assert.equal(elementOf(many, "Code"), "AccessDenied");
    assert.ok((await send("GET", "own")).bytes.equals(WHOLE));
  });

  it("are not readable without their manifest, or with another one", async () => {
    await upload("cut");
    const [, companion = ""] = await stored("cut");
    const { bytes } = await gateway.store.readStored(BUCKET, companion);
    await gateway.store.overwriteStored(BUCKET, companion, { bytes: bytes.subarray(0, -1) });
    assert.equal((await send("GET", "cut")).status, 500);
    await gateway.behind.send("DELETE", pathOf(BUCKET, companion));
    assert.equal((await send("GET", "cut")).status, 500);
  });
});
