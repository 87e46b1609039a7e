import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runningStore } from "../running-store.ts";

async function storeWithObject() {
  const running = await runningStore();
  const { headers } = await running.send("PUT", "/photos/k", { body: "0123456789" });
  return { ...running, etag: headers.etag ?? "" };
}

describe("GetObject", () => {
  it("gives ranges in every form, in GET and in HEAD", async () => {
    await using running = await storeWithObject();
    for (const [range, status, text, shown] of [
      ["bytes=0-0", 206, "0", "bytes 0-0/10"],
      ["bytes=5-", 206, "56789", "bytes 5-9/10"],
      ["bytes=-2", 206, "89", "bytes 8-9/10"],
      ["bytes=0-99", 206, "0123456789", "bytes 0-9/10"],
      ["bytes=3-2", 200, "0123456789", undefined],
      ["bytes=0-1,3-4", 200, "0123456789", undefined],
      ["lines=1-2", 200, "0123456789", undefined],
    ] as const) {
      const got = await running.send("GET", "/photos/k", { headers: { range } });
      assert.deepEqual([got.status, got.text, got.headers["content-range"]], [status, text, shown]);
      const head = await running.send("HEAD", "/photos/k", { headers: { range } });
      assert.deepEqual(
        [head.status, head.headers["content-length"], head.text],
        [status, `${text.length}`, ""],
      );
    }
  });

  it("refuses ranges in which nothing lies", async () => {
    await using running = await storeWithObject();
    for (const range of ["bytes=10-", "bytes=-0"]) {
      const got = await running.send("GET", "/photos/k", { headers: { range } });
      assert.deepEqual([got.status, got.code], [416, "InvalidRange"]);
      assert.equal(got.headers["content-range"], "bytes */10");
      assert.equal(got.xml().textOf("ActualObjectSize"), "10");
    }
  });

  it("judges conditions in the order of S3", async () => {
    await using running = await storeWithObject();
    const { etag } = running;
    const past = new Date(0).toUTCString();
    const future = new Date(Date.now() + 60_000).toUTCString();
    const other = '"other"';
    for (const [headers, status] of [
      [{ "if-match": etag }, 200],
      [{ "if-match": `${other}, ${etag}` }, 200],
      [{ "if-match": "*" }, 200],
      [{ "if-match": etag.replaceAll('"', "") }, 200],
      [{ "if-match": other }, 412],
      [{ "if-match": etag, "if-unmodified-since": past }, 200],
      [{ "if-unmodified-since": past }, 412],
      [{ "if-unmodified-since": "not a date" }, 200],
      [{ "if-none-match": etag }, 304],
      [{ "if-none-match": `W/${etag}` }, 304],
      [{ "if-none-match": other, "if-modified-since": future }, 200],
      [{ "if-none-match": etag, "if-modified-since": past }, 304],
      [{ "if-modified-since": future }, 304],
      [{ "if-modified-since": past }, 200],
      [{ "if-match": etag, "if-none-match": etag }, 304],
    ] as [Record<string, string>, number][]) {
      const got = await running.send("GET", "/photos/k", { headers });
      assert.equal(got.status, status, JSON.stringify(headers));
      if (status === 304) assert.deepEqual([got.text, got.headers.etag], ["", etag]);
    }
  });

  it("replaces headers on request, but never splits the answer", async () => {
    await using running = await storeWithObject();
    const query = "response-content-type=text%2Fx&response-expires=never";
    const got = await running.send("GET", `/photos/k?${query}`);
    assert.deepEqual([got.headers["content-type"], got.headers.expires], ["text/x", "never"]);
    const split = await running.send("GET", "/photos/k?response-content-type=a%0D%0Ab:c");
    assert.equal(split.code, "InvalidArgument");
  });

  it("takes a part number for the whole of a single object, and not with a range", async () => {
    await using running = await storeWithObject();
    const part = await running.send("GET", "/photos/k?partNumber=1");
    assert.deepEqual([part.status, part.text], [206, "0123456789"]);
    assert.equal((await running.send("GET", "/photos/k?partNumber=2")).code, "InvalidPartNumber");
    assert.equal((await running.send("GET", "/photos/k?partNumber=x")).code, "InvalidArgument");
    const both = await running.send("GET", "/photos/k?partNumber=1", {
      headers: { range: "bytes=0-1" },
    });
    assert.equal(both.code, "InvalidRequest");
  });

  it("tells versions, markers and nonsense apart", async () => {
    await using running = await storeWithObject();
    const { send } = running;
    const status = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    await send("PUT", "/photos?versioning", { body: status });
    const put = await send("PUT", "/photos/k", { body: "new" });
    const versionId = put.headers["x-amz-version-id"];
    const marker = (await send("DELETE", "/photos/k")).headers["x-amz-version-id"];
    const hidden = await send("GET", "/photos/k");
    assert.deepEqual([hidden.code, hidden.headers["x-amz-delete-marker"]], ["NoSuchKey", "true"]);
    assert.equal((await send("GET", `/photos/k?versionId=${String(versionId)}`)).text, "new");
    assert.equal((await send("GET", "/photos/k?versionId=null")).text, "0123456789");
    const asked = await send("GET", `/photos/k?versionId=${String(marker)}`);
    assert.deepEqual([asked.status, asked.headers.allow], [405, "DELETE"]);
    const none = await send("GET", `/photos/k?versionId=${"0".repeat(32)}`);
    assert.equal(none.code, "NoSuchVersion");
    assert.equal((await send("GET", "/photos/k?versionId=nonsense")).code, "InvalidArgument");
  });
});
