import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { KeptTags } from "../src/kept-tags.ts";
import { scratchFolder } from "./environment.ts";

const tag = (key: string, tagging = "a=1") => ({ key, header: "h", tagging });

describe("KeptTags", () => {
  it("is there for the next run until the last is removed", async () => {
    await using scratch = await scratchFolder();
    const kept = new KeptTags(scratch.folder, "box");
    for (const key of ["x", "y"]) kept.add(tag(key));
    kept.add(tag("x", "b=2"));
    const next = new KeptTags(scratch.folder, "box");
    assert.deepEqual(next.list(), [tag("x", "b=2"), tag("y")]);
    assert.deepEqual(new KeptTags(scratch.folder, "other").list(), []);
    for (const key of ["x", "y", "z"]) next.remove(key);
    assert.deepEqual(await readdir(join(scratch.folder, "rewrap")), []);
  });

  it("takes no damaged file for none", async () => {
    await using scratch = await scratchFolder();
    new KeptTags(scratch.folder, "box").add(tag("x"));
    const folder = join(scratch.folder, "rewrap");
    for (const name of await readdir(folder)) await writeFile(join(folder, name), '[{"key":1}]');
    const opened = () => new KeptTags(scratch.folder, "box");
    assert.throws(opened, { code: "input.invalid", message: /damaged/ });
  });
});
