import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { rewrap } from "../../src/commands/rewrap.ts";
import { COMPLETE } from "../environment.ts";
import { storedPlain } from "./stored-plain.ts";

describe("s3eg rewrap", () => {
  it("shows its progress, names what it leaves, and reports", async () => {
    await using store = await storedPlain();
    const lines: string[] = [];
    const progress = (line: string) => void lines.push(line);
    const report = await rewrap(["box"], store.env, { progress });
    assert.equal(report, "box: 1 skipped\n  1 skipped: not sealed\n");
    assert.deepEqual(lines, ['skipped "box/plain": not sealed\n', "box: 1 skipped\n"]);
  });

  it("keeps its place when it is stopped, and forgets it in the end", async () => {
    await using store = await storedPlain();
    const lines: string[] = [];
    const stop = new AbortController();
    const progress = (line: string) => {
      lines.push(line);
      stop.abort();
    };
    const folder = join(store.env.DATA_DIR ?? "", "rewrap");
    const { signal } = stop;
    await assert.rejects(rewrap(["box", "missing"], store.env, { progress, signal }));
    const args = ["--dry-run", "box"];
    assert.match(await rewrap(args, store.env, { progress }), /^box: 1 skipped\n/);
    const left = (await readdir(folder)).filter((name) => !name.endsWith(".report.json"));
    assert.deepEqual(left, []);
  });

  it("refuses a wrong command line", async () => {
    for (const args of [[], ["--rate", "none", "box"], ["--what", "box"]]) {
      await assert.rejects(rewrap(args, COMPLETE), { code: "input.invalid", message: /usage/ });
    }
  });
});
