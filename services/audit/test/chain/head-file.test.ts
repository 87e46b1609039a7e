import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readHead, writeHead } from "../../src/chain/head-file.ts";
import { trailFolder } from "./trail-folder.ts";

describe("the head of the chain", () => {
  it("is read as it was written last", async () => {
    await using trail = await trailFolder();
    assert.equal(await readHead(trail.state, trail.key), undefined);
    for (const seq of [1, 20]) {
      const link = { seq, mac: "0a".repeat(32) };
      await writeHead(trail.state, trail.key, link);
      assert.deepEqual(await readHead(trail.state, trail.key), link);
    }
  });

  it("is refused when it was changed", async () => {
    await using trail = await trailFolder();
    await writeHead(trail.state, trail.key, { seq: 12, mac: "0a".repeat(32) });
    const path = join(trail.state, "head.json");
    await writeFile(path, (await readFile(path, "utf8")).replace('"seq":12', '"seq":11'));
    await assert.rejects(readHead(trail.state, trail.key), { code: "config.invalid" });
    await writeFile(path, "");
    await assert.rejects(readHead(trail.state, trail.key), { code: "config.invalid" });
  });
});
