import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { hasEnded, JobList } from "../../src/jobs/job-list.ts";
import { JobSeal } from "../../src/jobs/job-seal.ts";
import { aJob, idOf, listWith, MemoryKeptValue } from "./kept-jobs.ts";

const seal = new JobSeal(new Secret<Uint8Array>(Buffer.alloc(32, 1)), "here");

describe("JobList", () => {
  it("loses no change that others make at the same moment", async () => {
    const value = new MemoryKeptValue();
    const lists = [1, 2, 3].map(() => new JobList({ value, seal }));
    await Promise.all(lists.map((list, n) => list.change((jobs) => [...jobs, aJob(n)])));
    assert.equal((await lists[0]?.read())?.length, 3);
    const paused = await lists[1]?.changeOne(idOf(2), (job) => ({ ...job, status: "paused" }));
    assert.equal(paused?.status, "paused");
    assert.equal(await lists[1]?.changeOne(idOf(9), (job) => job), undefined);
    assert.equal((await lists[2]?.find(idOf(2)))?.status, "paused");
  });

  it("believes neither what is forged nor what is older than it has seen, and puts back what it knows", async () => {
    const folder = await mkdtemp(join(tmpdir(), "s3eg-jobs-"));
    const value = new MemoryKeptValue();
    const memory = join(folder, "deep", "seen.json");
    const list = new JobList({ value, seal, memory });
    await list.change(() => [aJob(1)]);
    const waiting = value.kept;
    await list.changeOne(idOf(1), (job) => ({ ...job, status: "cancelled" }));
    for (const bytes of [waiting?.bytes, Buffer.from("{}")]) {
      value.kept = { bytes: bytes ?? Buffer.alloc(0), revision: 9 };
      assert.equal((await list.find(idOf(1)))?.status, "cancelled");
    }
    value.kept = undefined;
    await list.change((jobs) => [...jobs, aJob(2)]);
    const again = new JobList({ value, seal, memory });
    assert.deepEqual(
      (await again.read()).map(({ status }) => status),
      ["cancelled", "waiting"],
    );
    value.kept = { bytes: Buffer.from("forged"), revision: 1 };
    const stranger = new JobList({ value, seal, memory: join(folder, "other.json") });
    await assert.rejects(stranger.read(), { code: "config.invalid" });
    await rm(folder, { recursive: true });
  });

  it("forgets the jobs that ended first, and takes no more than it can keep", async () => {
    const list = await listWith();
    const done = { status: "done" as const };
    await list.change(() => Array.from({ length: 64 }, (_, n) => ({ ...aJob(n), ...done })));
    await list.change((all) => [...all, aJob(64)]);
    const jobs = await list.read();
    assert.deepEqual([jobs.length, jobs[0]?.id, jobs.at(-1)?.id], [64, idOf(1), idOf(64)]);
    await list.change(() => Array.from({ length: 64 }, (_, n) => aJob(n)));
    await assert.rejects(
      list.change((all) => [...all, aJob(64)]),
      { code: "limit.busy" },
    );
  });
});

describe("hasEnded", () => {
  it("is so of what will not go on", () => {
    const ended = (["waiting", "running", "paused", "done", "failed", "cancelled"] as const).filter(
      (status) => hasEnded({ status }),
    );
    assert.deepEqual(ended, ["done", "failed", "cancelled"]);
  });
});
