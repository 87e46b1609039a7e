import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { jobArguments, linesOf, runBucketJob, summaryOf } from "../src/bucket-job.ts";
import { storedPlain } from "./commands/stored-plain.ts";

describe("jobArguments", () => {
  it("reads buckets, flags, prefix and rate, and refuses anything else with the usage", () => {
    const form = { flags: ["dry-run"], usage: "usage: so" };
    const read = jobArguments(["--dry-run", "one", "--prefix", "a/", "--rate", "7", "two"], form);
    assert.deepEqual(read.buckets, ["one", "two"]);
    assert.deepEqual([read.prefix, read.perSecond, read.hasRestart], ["a/", 7, false]);
    assert.deepEqual([...read.flags], ["dry-run"]);
    for (const args of [[], ["--rate", "0", "a"], ["--all", "a"], ["--prefix"]]) {
      assert.throws(() => jobArguments(args, form), {
        code: "input.invalid",
        message: "usage: so",
      });
    }
  });
});

describe("runBucketJob", () => {
  const args = { ...jobArguments(["box"], { flags: [], usage: "" }), name: "verify" };

  it("goes on where it was stopped, forgets its place in the end, and fails where an object did", async () => {
    await using store = await storedPlain();
    const lines: string[] = [];
    const running = { env: store.env, progress: (line: string) => void lines.push(line) };
    const job = { ...args, whatIsDone: ["test"] };
    const outcome = { key: "a", result: "failed", reason: "because" };
    const stopped = runBucketJob(job, {
      ...running,
      async *pages() {
        yield await Promise.resolve({ outcomes: [outcome], marker: { key: "a" } });
        throw new Error("killed");
      },
    });
    await assert.rejects(stopped, /killed/);
    let after: unknown;
    const again = runBucketJob(job, {
      ...running,
      async *pages(_site, on) {
        after = on.after;
        const page = { outcomes: [{ key: "b", result: "opened" }], marker: { key: "b" } };
        yield await Promise.resolve(page);
      },
    });
    await assert.rejects(again, {
      exitCode: 1,
      message: "box: 1 failed, 1 opened\n  1 failed: because",
    });
    assert.deepEqual(after, { key: "a" });
    assert.ok(lines.includes('failed "box/a": because\n'));
    assert.ok(lines.includes('box: going on behind "a"\n'));
    assert.deepEqual(await readdir(join(store.env.DATA_DIR ?? "", "rewrap")), []);
  });
});

describe("lines for a person", () => {
  it("name objects that are not as they were to be, and count the rest", () => {
    const outcomes = [
      { key: "a", result: "sealed" },
      { key: "b", versionId: "v", result: "skipped", reason: "why" },
    ];
    assert.deepEqual(linesOf("box", { outcomes }), ['skipped "box/b" (version v): why\n']);
    assert.equal(summaryOf({ sealed: 2, gone: 1 }), "2 sealed, 1 gone");
    assert.equal(summaryOf({}), "no objects");
  });
});
