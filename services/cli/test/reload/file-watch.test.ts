import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { FileWatch } from "../../src/reload/file-watch.ts";
import { stampOf } from "../../src/reload/watched-paths.ts";
import { KeptLog, scratchFolder } from "../environment.ts";

/** Longer than any test. */
const NEVER_MS = 600_000;

/** A watch on what a glob matches, and how to wait for what it tells. */
function watching(glob: string, pollMs: number, log = new KeptLog()) {
  const paths = { files: [], globs: [glob] };
  let told = 0;
  const watch = new FileWatch({
    onChange: () => {
      told += 1;
    },
    log,
    quietMs: 5,
    pollMs,
  });
  watch.follow(paths, stampOf(paths));
  return {
    log,
    /** Waits until it was told so often. */
    async untilTold(times: number): Promise<void> {
      for (let tries = 0; told < times; tries++) {
        assert.ok(tries < 500, `told ${told} times`);
        await sleep(10);
      }
      assert.equal(told, times);
    },
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  };
}

describe("FileWatch", () => {
  it("tells once of each change, by writing, by renaming, of a new file", async () => {
    await using scratch = await scratchFolder();
    const at = (name: string) => join(scratch.folder, name);
    writeFileSync(at("a.yaml"), "1");
    using watch = watching(at("*.yaml"), NEVER_MS);
    await watch.untilTold(0);
    writeFileSync(at("a.yaml"), "22");
    await watch.untilTold(1);
    writeFileSync(at("a.new"), "333");
    renameSync(at("a.new"), at("a.yaml"));
    await watch.untilTold(2);
    writeFileSync(at("b.yaml"), "");
    await watch.untilTold(3);
  });

  it("goes on after the folder was exchanged", async () => {
    await using scratch = await scratchFolder();
    const at = (name: string) => join(scratch.folder, name);
    for (const folder of ["v", "w"]) mkdirSync(at(folder));
    writeFileSync(at("v/a.yaml"), "1");
    writeFileSync(at("w/a.yaml"), "22");
    using watch = watching(at("v/*.yaml"), 50);
    renameSync(at("v"), at("old"));
    renameSync(at("w"), at("v"));
    rmSync(at("old"), { recursive: true });
    await watch.untilTold(1);
    writeFileSync(at("v/a.yaml"), "333");
    await watch.untilTold(2);
  });

  it("sees by itself what nobody tells it, and complains once where it is told nothing", async () => {
    using watch = watching("/proc/self/nothing-*", 20);
    assert.ok(watch.log.lines.length <= 1);
    await watch.untilTold(0);
  });
});
