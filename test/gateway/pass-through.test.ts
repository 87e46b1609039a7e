import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway, runningGateway } from "./running-gateway.ts";
import { pathOf } from "./wire-client.ts";

const OPEN = "open-1";
const md5Of = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");

describe("a bucket whose policy is contents: pass-through", () => {
  let gateway: RunningGateway;

  before(async () => {
    gateway = await runningGateway({
      policies: ["id: open\nbuckets: [open-*]\ncontents: pass-through\netag: md5\n"],
    });
    await gateway.client.send("PUT", `/${OPEN}`);
  });
  after(() => gateway[Symbol.asyncDispose]());

  it("is warned of at start", () => {
    assert.ok(
      gateway.lines.some((line) => line.includes("stores every object without encryption")),
    );
  });

  it("stores objects as they are, and shows the backend's own ETag everywhere", async () => {
    for (const size of [0, 1, C, C + 1]) {
      const bytes = plaintextOf(size);
      const path = pathOf(OPEN, `plain-${size}`);
      const put = await gateway.client.send("PUT", path, {
        body: bytes,
        headers: { "x-amz-meta-mine": "1", "content-type": "text/plain" },
      });
      assert.equal(put.status, 200, put.text);
      const stored = await gateway.store.readStored(OPEN, `plain-${size}`);
      assert.ok(Buffer.from(stored.bytes).equals(bytes));
      assert.equal(stored.metadata["x-amz-meta-s3eg"], undefined);
      const etag = `"${md5Of(bytes)}"`;
      const head = await gateway.client.send("HEAD", path);
      const got = await gateway.client.send("GET", path);
      assert.ok(got.bytes.equals(bytes));
      for (const { headers } of [put, head, got]) assert.equal(headers.etag, etag);
      assert.equal(head.headers["content-length"], String(size));
      assert.equal(got.headers["x-amz-meta-mine"], "1");
      assert.equal(got.headers["content-type"], "text/plain");
    }
    const { text } = await gateway.client.send("GET", `/${OPEN}`, { query: "list-type=2" });
    assert.match(text, new RegExp(`<Key>plain-${C + 1}</Key>.*?<Size>${C + 1}</Size>`, "s"));
  });

  it("refuses a body that is not what its client says, and stores nothing of it", async () => {
    const path = pathOf(OPEN, "wrong");
    const headers = { "content-md5": createHash("md5").update("other").digest("base64") };
    const { code } = await gateway.client.send("PUT", path, { body: "bytes", headers });
    assert.equal(code, "BadDigest");
    assert.equal((await gateway.client.send("HEAD", path)).status, 404);
  });

  it("stores copies of sealed objects opened, and of its own as they are", async () => {
    const bytes = plaintextOf(C + 5);
    await gateway.client.send("PUT", pathOf(BUCKET, "sealed"), { body: bytes });
    for (const [source, to] of [
      [pathOf(BUCKET, "sealed"), "copy-of-sealed"],
      [pathOf(OPEN, "copy-of-sealed"), "copy-of-plain"],
    ] as const) {
      const headers = { "x-amz-copy-source": source };
      const copied = await gateway.client.send("PUT", pathOf(OPEN, to), { headers });
      assert.equal(copied.status, 200, copied.text);
      const stored = await gateway.store.readStored(OPEN, to);
      assert.ok(Buffer.from(stored.bytes).equals(bytes), to);
      assert.match(copied.text, new RegExp(md5Of(bytes)));
    }
  });

  it("lets its objects be copied into a sealed bucket, sealed there", async () => {
    const bytes = plaintextOf(100);
    await gateway.client.send("PUT", pathOf(OPEN, "from"), { body: bytes });
    const headers = { "x-amz-copy-source": pathOf(OPEN, "from") };
    const { status } = await gateway.client.send("PUT", pathOf(BUCKET, "to"), { headers });
    assert.equal(status, 200);
    const stored = await gateway.store.readStored(BUCKET, "to");
    assert.ok(stored.metadata["x-amz-meta-s3eg"]);
    assert.ok((await gateway.client.send("GET", pathOf(BUCKET, "to"))).bytes.equals(bytes));
  });

  it("still opens what was sealed before", async () => {
    await gateway.client.send("PUT", pathOf(BUCKET, "old"), { body: "sealed bytes" });
    const { bytes, metadata } = await gateway.store.readStored(BUCKET, "old");
    await gateway.client.send("PUT", pathOf(OPEN, "old"), { body: "x" });
    await gateway.store.overwriteStored(OPEN, "old", { bytes, metadata });
    // Sealed for another place: it is tried, and found to be that.
    const { status } = await gateway.client.send("GET", pathOf(OPEN, "old"));
    assert.equal(status, 500);
  });
});
