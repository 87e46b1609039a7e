import assert from "node:assert/strict";
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { linkFolders } from "../../src/reload/link-folders.ts";
import { scratchFolder } from "../environment.ts";

describe("linkFolders", () => {
  it("names the folder of a file, and those of all links on the way to it", async () => {
    await using scratch = await scratchFolder();
    const root = realpathSync(scratch.folder);
    const at = (...names: string[]) => join(root, ...names);
    for (const folder of ["volume", "volume/..1"]) mkdirSync(at(folder));
    writeFileSync(at("volume/..1/file"), "");
    symlinkSync("..1", at("volume/..data"));
    symlinkSync("..data/file", at("volume/file"));
    symlinkSync("volume", at("release"));
    assert.deepEqual(linkFolders(at("volume/..1/file")), [at("volume/..1")]);
    assert.deepEqual(linkFolders(at("volume/file")), [at("volume"), at("volume/..1")]);
    assert.deepEqual(linkFolders(at("release/file")), [root, at("volume"), at("volume/..1")]);
  });

  it("stops at the last folder that is there, and does not follow links for ever", async () => {
    await using scratch = await scratchFolder();
    const root = realpathSync(scratch.folder);
    assert.deepEqual(linkFolders(join(root, "none/of/this")), [root]);
    symlinkSync("loop", join(root, "loop"));
    assert.deepEqual(linkFolders(join(root, "loop")), [root]);
  });
});
