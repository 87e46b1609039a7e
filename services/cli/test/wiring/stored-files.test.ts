import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { backendOfFiles } from "../../src/wiring/stored-files.ts";
import { scratchFolder } from "../environment.ts";

const TEXT = "0123456789";

async function stored(folder: string, text = TEXT) {
  const path = join(folder, "object");
  await writeFile(path, text);
  const headers = { etag: '"e"', "x-amz-meta-a": "1" };
  const backend = backendOfFiles((key) => (key === "k" ? { path, headers } : undefined));
  const send = (method: "GET" | "HEAD" | "PUT", key: string, range?: string) =>
    backend.send({
      method,
      bucket: "b",
      key,
      requestId: "r",
      ...(range === undefined ? {} : { headers: { range } }),
    });
  return { send, path };
}

describe("files in the place of a backend", () => {
  it("answer with their bytes and the headers that are known of them", async () => {
    await using scratch = await scratchFolder();
    const { send } = await stored(scratch.folder);
    const whole = await send("GET", "k");
    assert.equal(whole.status, 200);
    assert.deepEqual(whole.headers, { etag: '"e"', "x-amz-meta-a": "1", "content-length": "10" });
    assert.equal(await whole.text(), TEXT);
    const head = await send("HEAD", "k");
    assert.equal(head.headers["content-length"], "10");
    assert.equal(await head.text(), "");
  });

  it("answer with a range as S3 does", async () => {
    await using scratch = await scratchFolder();
    const { send } = await stored(scratch.folder);
    for (const [range, text, contentRange] of [
      ["bytes=2-4", "234", "bytes 2-4/10"],
      ["bytes=8-", "89", "bytes 8-9/10"],
      ["bytes=-3", "789", "bytes 7-9/10"],
      ["bytes=5-99", "56789", "bytes 5-9/10"],
    ] as const) {
      const answer = await send("GET", "k", range);
      assert.equal(answer.status, 206);
      assert.equal(answer.headers["content-range"], contentRange);
      assert.equal(await answer.text(), text);
    }
    assert.equal((await send("GET", "k", "bytes=10-")).status, 416);
  });

  it("know no other object, and are never written", async () => {
    await using scratch = await scratchFolder();
    const { send } = await stored(scratch.folder);
    assert.equal((await send("GET", "other")).status, 404);
    await assert.rejects(send("PUT", "k"), (error) => isFault(error, "backend.refused"));
  });

  it("are not opened when the answer is given up", async () => {
    await using scratch = await scratchFolder();
    const { send } = await stored(scratch.folder);
    const { body } = await send("GET", "k");
    body.destroy(new Error("not wanted"));
    await assert.rejects(
      body.pump(() => undefined),
      /not wanted/,
    );
  });

  it("answer with nothing for an empty file", async () => {
    await using scratch = await scratchFolder();
    const { send } = await stored(scratch.folder, "");
    assert.equal(await (await send("GET", "k")).text(), "");
  });
});
