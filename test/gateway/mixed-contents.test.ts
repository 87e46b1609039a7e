import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway, runningGateway } from "./running-gateway.ts";
import { pathOf } from "./wire-client.ts";

describe("a bucket with plain objects in it", () => {
  let gateway: RunningGateway;

  before(async () => {
    const mixed = "id: mixed\nbuckets: [mixed-*]\ncontents: mixed\n";
    gateway = await runningGateway({ policies: [mixed] });
    await gateway.client.send("PUT", "/mixed-1");
  });
  after(() => gateway[Symbol.asyncDispose]());

  /** Puts an object through the gateway, then takes its seal away on the backend. */
  async function plainObject(bucket: string, key: string, bytes: Buffer): Promise<void> {
    await gateway.client.send("PUT", pathOf(bucket, key), { body: bytes });
    const metadata = { "x-amz-meta-s3eg": undefined };
    await gateway.store.overwriteStored(bucket, key, { bytes, metadata });
  }

  it("gives them as they are where the policy says mixed", async () => {
    // As many bytes as some sealed object has: nothing but a look-up can tell.
    for (const size of [0, 5, 144, 145, C + 144]) {
      const bytes = plaintextOf(size);
      await plainObject("mixed-1", `plain-${size}`, bytes);
      const path = pathOf("mixed-1", `plain-${size}`);
      const got = await gateway.client.send("GET", path);
      assert.ok(got.bytes.equals(bytes), `${size}`);
      const head = await gateway.client.send("HEAD", path);
      assert.equal(head.headers["content-length"], String(size));
    }
  });

  it("lists true sizes of sealed and plain ones side by side", async () => {
    const sizes = { "list/sealed": 145, "list/plain": 145, "list/empty": 0, "list/big": C + 1 };
    for (const [key, size] of Object.entries(sizes)) {
      if (key === "list/plain") await plainObject("mixed-1", key, plaintextOf(size));
      else await gateway.client.send("PUT", pathOf("mixed-1", key), { body: plaintextOf(size) });
    }
    for (const query of ["list-type=2&prefix=list%2F", "prefix=list%2F"]) {
      const { text } = await gateway.client.send("GET", "/mixed-1", { query });
      const listed = [...text.matchAll(/<Key>([^<]+)<\/Key>.*?<Size>(\d+)<\/Size>/gs)];
      const seen = new Map(listed.map(([, key = "", size]) => [key, Number(size)]));
      assert.deepEqual(seen, new Map(Object.entries(sizes).toSorted()));
    }
  });

  it("refuses them under the standing policy, whole, ranged and headed", async () => {
    await plainObject(BUCKET, "plain", plaintextOf(2 * C));
    const path = pathOf(BUCKET, "plain");
    const ranges = [
      {},
      { range: "bytes=0-9" },
      { range: "bytes=-1" },
      { range: `bytes=${9 * C}-` },
    ];
    for (const headers of ranges) {
      const got = await gateway.client.send("GET", path, { headers });
      assert.deepEqual([got.status, got.code], [403, "AccessDenied"], JSON.stringify(headers));
    }
    assert.equal((await gateway.client.send("HEAD", path)).status, 403);
    const copied = { "x-amz-copy-source": path };
    const copy = await gateway.client.send("PUT", pathOf(BUCKET, "copy"), { headers: copied });
    assert.deepEqual([copy.status, copy.code], [403, "AccessDenied"]);
  });

  it("does not take a sealed object for a plain one, nor pass one off", async () => {
    const path = pathOf("mixed-1", "sealed");
    await gateway.client.send("PUT", path, { body: plaintextOf(C) });
    const { bytes } = await gateway.store.readStored("mixed-1", "sealed");
    const flipped = Buffer.from(bytes);
    flipped[5] = (flipped[5] ?? 0) ^ 1;
    await gateway.store.overwriteStored("mixed-1", "sealed", { bytes: flipped });
    const got = await gateway.client.send("GET", path);
    assert.ok(got.status === 500 || !got.isWhole);
  });
});
