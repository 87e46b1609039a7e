import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runningStore } from "./running-store.ts";

describe("the tamper door", () => {
  it("shows what lies in the store", async () => {
    await using running = await runningStore();
    const headers = { "x-amz-meta-a": "b", "content-type": "text/x-test" };
    const { headers: answered } = await running.send("PUT", "/photos/k", { body: "x", headers });
    const { bytes, metadata, etag } = await running.store.readStored("photos", "k");
    assert.equal(bytes.toString(), "x");
    assert.deepEqual(metadata, headers);
    assert.equal(`"${etag}"`, answered.etag);
  });

  it("changes bytes behind the ETag's back", async () => {
    await using running = await runningStore();
    const { headers } = await running.send("PUT", "/photos/k", { body: "original" });
    await running.store.overwriteStored("photos", "k", { bytes: Buffer.from("other") });
    const got = await running.send("GET", "/photos/k");
    assert.deepEqual([got.text, got.headers.etag], ["other", headers.etag]);
    assert.equal(got.headers["content-length"], "5");
  });

  it("changes and takes away metadata", async () => {
    await using running = await runningStore();
    const headers = { "x-amz-meta-a": "1", "x-amz-meta-b": "2" };
    await running.send("PUT", "/photos/k", { body: "x", headers });
    const metadata = { "x-amz-meta-a": "9", "x-amz-meta-b": undefined };
    await running.store.overwriteStored("photos", "k", { metadata });
    const got = await running.send("GET", "/photos/k");
    assert.deepEqual(
      [got.headers["x-amz-meta-a"], got.headers["x-amz-meta-b"], got.text],
      ["9", undefined, "x"],
    );
  });

  it("is shut where nothing is", async () => {
    await using running = await runningStore();
    const { store } = running;
    await assert.rejects(store.readStored("photos", "none"), { code: "NoSuchKey" });
    await assert.rejects(store.overwriteStored("none", "k", {}), { code: "NoSuchBucket" });
  });
});
