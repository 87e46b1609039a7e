import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { lockFolder } from "../../src/store/folder-lock.ts";
import { scratchFolder } from "./scratch-store.ts";

describe("lockFolder", () => {
  it("refuses a folder that a living process has", async () => {
    await using scratch = await scratchFolder();
    await writeFile(join(scratch.folder, "pid"), `${process.ppid}`);
    await assert.rejects(lockFolder(scratch.folder), { code: "config.invalid" });
  });

  it("takes over from a process that is gone, and from nonsense", async () => {
    await using scratch = await scratchFolder();
    // Beyond the largest process id that Linux gives.
    for (const left of ["4194305", "", "x", `${process.pid}`]) {
      await writeFile(join(scratch.folder, "pid"), left);
      const lock = await lockFolder(scratch.folder);
      await lock[Symbol.asyncDispose]();
      assert.deepEqual(await readdir(scratch.folder), []);
    }
  });
});
