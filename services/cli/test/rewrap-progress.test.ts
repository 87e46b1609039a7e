import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { KeptProgress, NO_PROGRESS, withPage } from "../src/rewrap-progress.ts";
import { scratchFolder } from "./environment.ts";

describe("KeptProgress", () => {
  it("is there until the job has come to its end, for that job alone", async () => {
    await using scratch = await scratchFolder();
    const kept = new KeptProgress(scratch.folder, ["box", ""]);
    assert.equal(kept.read(), undefined);
    const progress = { ...NO_PROGRESS, after: { key: "ä" }, counts: { current: 1 } };
    kept.write(progress);
    assert.deepEqual(new KeptProgress(scratch.folder, ["box", ""]).read(), progress);
    assert.equal(new KeptProgress(scratch.folder, ["box", "a"]).read(), undefined);
    kept.remove();
    assert.equal(kept.read(), undefined);
  });

  it("takes no damaged file for progress", async () => {
    await using scratch = await scratchFolder();
    const kept = new KeptProgress(scratch.folder, ["box"]);
    kept.write(NO_PROGRESS);
    const folder = join(scratch.folder, "rewrap");
    for (const name of await readdir(folder)) await writeFile(join(folder, name), '{"after":1}');
    assert.throws(() => kept.read(), { code: "input.invalid", message: /--restart/ });
  });
});

describe("withPage", () => {
  it("counts what became of objects, why, and what it costs", () => {
    const marker = { key: "b", versionId: undefined };
    const rare = { result: "rewrapped", minimumTimeClass: "STANDARD_IA" } as const;
    const left = { result: "skipped", reason: "not sealed" } as const;
    const outcomes = [
      { key: "a", ...rare },
      { key: "b", ...left },
    ] as const;
    const writes = "aes 2 aes";
    const once = withPage(NO_PROGRESS, { outcomes, marker });
    assert.deepEqual(withPage(once, { outcomes, writes, marker: { ...marker, versionId: "v" } }), {
      after: { key: "b", versionId: "v" },
      counts: { rewrapped: 2, skipped: 2 },
      reasons: { "skipped: not sealed": 2 },
      needs: {},
      settled: { "aes 2 aes": 1 },
      minimumTimeClasses: { STANDARD_IA: 2 },
    });
    assert.deepEqual(once.after, { key: "b" });
  });
});
