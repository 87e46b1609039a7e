import assert from "node:assert/strict";
import { realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { foldersOf, stampOf } from "../../src/reload/watched-paths.ts";
import { scratchFolder } from "../environment.ts";

describe("stampOf", () => {
  it("is another one whenever a file is, comes or goes, and the same as long as nothing has happened", async () => {
    await using scratch = await scratchFolder();
    const at = (name: string) => join(scratch.folder, name);
    writeFileSync(at("a"), "1");
    const paths = { files: [at("a"), at("none")], globs: [at("*.yaml")] };
    const stamps = [stampOf(paths)];
    assert.equal(stampOf(paths), stamps[0]);
    writeFileSync(at("a"), "22");
    stamps.push(stampOf(paths));
    writeFileSync(at("b"), "33");
    assert.equal(stampOf(paths), stamps[1], "others are nobody's business");
    renameSync(at("b"), at("a"));
    stamps.push(stampOf(paths));
    writeFileSync(at("p.yaml"), "");
    stamps.push(stampOf(paths));
    writeFileSync(at("none"), "");
    stamps.push(stampOf(paths));
    rmSync(at("p.yaml"));
    stamps.push(stampOf(paths));
    assert.equal(new Set(stamps).size, stamps.length);
  });
});

describe("foldersOf", () => {
  it("names the folder that a glob begins with, also where it matches nothing", async () => {
    await using scratch = await scratchFolder();
    const root = realpathSync(scratch.folder);
    assert.deepEqual(foldersOf({ files: [], globs: [join(root, "p*.yaml")] }), [root]);
    assert.deepEqual(foldersOf({ files: [join(root, "file")], globs: [] }), [root]);
  });
});
