import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryWorkQueue } from "@s3eg/shared/bus/memory-work-queue.ts";
import type { Job } from "@s3eg/shared/contracts/jobs.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import type { JobPage } from "../../src/jobs/bucket-walk.ts";
import { steered } from "../../src/jobs/job-life.ts";
import type { JobList } from "../../src/jobs/job-list.ts";
import { type RunnerParts, startJobRunner } from "../../src/jobs/job-runner.ts";
import { keptLog } from "../running-edge.ts";
import { aJob, idOf, listWith } from "./kept-jobs.ts";

const page = (key: string): JobPage => ({
  outcomes: [{ key, result: "opened" }],
  marker: { key },
});

/** Starts a runner, and tells what it did. */
function runner(list: JobList, more: Partial<RunnerParts> = {}) {
  const told: string[] = [];
  const seen: string[] = [];
  const running = startJobRunner({
    ...{ list, name: "one", queue: new MemoryWorkQueue(), log: keptLog(), lookMs: 5 },
    async *pages(_job, { bucket, after }) {
      seen.push(`${bucket} behind ${after?.key ?? "nothing"}`);
      yield page("a");
      yield page("b");
    },
    async tell({ status }) {
      await Promise.resolve();
      told.push(status);
    },
    ...more,
  });
  return { told, seen, running };
}

async function untilJob(list: JobList, holds: (job: Job) => boolean): Promise<Job> {
  for (let tries = 0; tries < 1000; tries++) {
    const job = await list.find(idOf(1));
    if (job && holds(job)) return job;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return assert.fail(JSON.stringify(await list.find(idOf(1))));
}

/** Pages that never end, until the job is to stop. */
async function* endless(_job: Job, _progress: unknown, signal: AbortSignal) {
  for (let n = 0; ; n++) {
    yield page(`${n}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
    signal.throwIfAborted();
  }
}

describe("startJobRunner", () => {
  it("does what waits, bucket after bucket, and tells beginning and end once", async () => {
    const list = await listWith(aJob());
    const { told, seen, running } = runner(list);
    const done = await untilJob(list, ({ isTold }) => isTold === true);
    await running[Symbol.asyncDispose]();
    assert.equal(done.status, "done");
    assert.deepEqual(seen, ["one behind nothing", "two behind nothing"]);
    assert.deepEqual(
      done.progress.map(({ counts, isDone }) => [counts, isDone]),
      [
        [{ opened: 2 }, true],
        [{ opened: 2 }, true],
      ],
    );
    assert.deepEqual(told, ["running", "done"]);
    assert.ok(done.startedAt && done.endedAt && !done.runner);
  });

  it("goes on where a runner came to that is gone, and leaves what another one has", async () => {
    const [first, second] = aJob().progress;
    assert.ok(first && second);
    const progress = [
      { ...first, isDone: true },
      { ...second, after: { key: "m" } },
    ];
    const begun = { ...aJob(), status: "running" as const, startedAt: aJob().createdAt, progress };
    const gone = { ...begun, runner: { name: "gone", untilMs: 0 } };
    const held = { ...begun, id: idOf(2), runner: { name: "other", untilMs: Date.now() + 60_000 } };
    const list = await listWith(gone, held);
    const { told, seen, running } = runner(list);
    await untilJob(list, ({ isTold }) => isTold === true);
    await running[Symbol.asyncDispose]();
    assert.deepEqual(seen, ["two behind m"]);
    assert.deepEqual(told, ["done"]);
    assert.equal((await list.find(idOf(2)))?.runner?.name, "other");
  });

  it("stops where it is held or ended, within a page, and goes on when it may", async () => {
    const list = await listWith(aJob());
    const { running } = runner(list, { pages: endless });
    await untilJob(list, ({ progress }) => (progress[0]?.counts.opened ?? 0) > 2);
    const held = await list.changeOne(idOf(1), (job) => steered(job, "pause"));
    await new Promise((resolve) => setTimeout(resolve, 30));
    const later = await list.find(idOf(1));
    assert.deepEqual(later?.progress, held?.progress);
    await list.changeOne(idOf(1), (job) => steered(job, "resume"));
    await untilJob(list, ({ status }) => status === "running");
    await list.changeOne(idOf(1), (job) => steered(job, "cancel"));
    const ended = await untilJob(list, ({ isTold }) => isTold === true);
    assert.equal(ended.status, "cancelled");
    await running[Symbol.asyncDispose]();
  });

  it("leaves its job to others when it stops", async () => {
    const list = await listWith(aJob());
    const { running } = runner(list, { pages: endless });
    await untilJob(list, ({ progress }) => (progress[0]?.counts.opened ?? 0) > 0);
    await running[Symbol.asyncDispose]();
    const left = await list.find(idOf(1));
    assert.deepEqual([left?.status, left?.runner], ["waiting", undefined]);
  });

  it("ends a job that can't be done, and lets one wait that an outage has stopped", async () => {
    for (const [code, status] of [
      ["input.invalid", "failed"],
      ["keys.unavailable", "running"],
    ] as const) {
      const list = await listWith(aJob());
      const { running } = runner(list, {
        // biome-ignore lint/correctness/useYield: it fails before it has anything.
        async *pages() {
          await Promise.resolve();
          throw new Fault(code, "because");
        },
      });
      const job = await untilJob(list, ({ error }) => error !== undefined);
      assert.deepEqual([job.status, job.error], [status, `${code}: because`]);
      await running[Symbol.asyncDispose]();
    }
  });

  it("waits where the list can't be read, and says so once", async () => {
    const list = await listWith(aJob());
    const log = keptLog();
    let reads = 0;
    const away = {
      read: async () => {
        await Promise.resolve();
        reads += 1;
        throw new Fault("bus.unavailable", "away");
      },
    } as unknown as JobList;
    const { running } = runner(away, { log });
    while (reads < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    await running[Symbol.asyncDispose]();
    assert.equal(log.lines.filter(({ level }) => level === "warn").length, 1);
    assert.equal((await list.find(idOf(1)))?.status, "waiting");
  });
});
