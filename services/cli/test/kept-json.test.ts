import assert from "node:assert/strict";
import { readdir, stat, writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { z } from "zod";
import { keptPath, readKept, rewrapFolder, writeKept } from "../src/kept-json.ts";
import { scratchFolder } from "./environment.ts";

describe("kept JSON", () => {
  it("is read as it was written last, apart for each subject and suffix", async () => {
    await using at = await scratchFolder();
    const path = keptPath(at.folder, ["box", ""], ".json");
    assert.equal(readKept(path, z.int(), ""), undefined);
    for (const n of [1, 2]) writeKept(path, n);
    assert.equal(readKept(path, z.int(), ""), 2);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await readdir(rewrapFolder(at.folder))).length, 1);
    for (const other of [
      keptPath(at.folder, ["box", ""], ".tags.json"),
      keptPath(at.folder, ["box", "a"], ".json"),
    ]) {
      assert.equal(readKept(other, z.int(), ""), undefined);
    }
  });

  it("is refused where it is damaged, with the way on", async () => {
    await using at = await scratchFolder();
    const path = keptPath(at.folder, "box", ".json");
    writeKept(path, 1);
    for (const text of ["", "{", '"1"']) {
      await writeFile(path, text);
      const damaged = { code: "input.invalid", message: /is damaged: begin anew$/ };
      assert.throws(() => readKept(path, z.int(), "begin anew"), damaged, text);
    }
  });
});
