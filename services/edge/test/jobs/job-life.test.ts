import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isToBeTaken, steered, withBucketDone, withJobPage } from "../../src/jobs/job-life.ts";
import { aJob } from "./kept-jobs.ts";

const job = aJob();
const running = { ...job, status: "running" as const, runner: { name: "a", untilMs: 1000 } };

describe("steered", () => {
  it("holds, lets go on and ends what is at that point, and nothing else", () => {
    const paused = steered(running, "pause");
    assert.deepEqual([paused?.status, paused?.runner], ["paused", undefined]);
    assert.ok(paused);
    assert.equal(steered(paused, "pause"), undefined);
    const resumed = steered(paused, "resume");
    assert.deepEqual([resumed?.status, resumed?.turn], ["waiting", 1]);
    const cancelled = steered(paused, "cancel");
    assert.ok(cancelled?.endedAt);
    for (const action of ["pause", "resume", "cancel"] as const) {
      assert.equal(steered(cancelled, action), undefined);
    }
    assert.equal(steered(running, "resume"), undefined);
  });
});

describe("isToBeTaken", () => {
  it("is so of what waits, and of what a runner has left", () => {
    assert.equal(isToBeTaken(job, 0), true);
    assert.equal(isToBeTaken(running, 999), false);
    assert.equal(isToBeTaken(running, 1000), true);
    assert.equal(isToBeTaken({ ...job, status: "paused" }, 0), false);
  });
});

describe("withJobPage", () => {
  it("counts what became of objects, and why, in their bucket alone", () => {
    const outcomes = [
      { key: "a", result: "sealed" },
      { key: "b", result: "failed", reason: "crypto.integrity" },
      { key: "c", result: "failed", reason: "crypto.integrity" },
    ];
    const marker = { key: "c", versionId: "v" };
    const [one, two] = withJobPage(job, "one", { outcomes, marker }).progress;
    assert.deepEqual(one?.counts, { sealed: 1, failed: 2 });
    assert.deepEqual(one?.reasons, { "failed: crypto.integrity": 2 });
    assert.deepEqual(one?.after, marker);
    assert.equal(two?.after, undefined);
  });

  it("tells only so many reasons apart", () => {
    const outcomes = Array.from({ length: 100 }, (_, n) => ({
      ...{ key: `${n}`, result: "failed", reason: `reason ${n}` },
    }));
    const [one] = withJobPage(job, "one", { outcomes, marker: { key: "99" } }).progress;
    assert.equal(Object.keys(one?.reasons ?? {}).length, 41);
    assert.equal(one?.reasons["other reasons"], 60);
  });
});

it("withBucketDone marks one bucket", () => {
  const { progress } = withBucketDone(job, "two");
  assert.deepEqual(
    progress.map(({ isDone }) => isDone),
    [false, true],
  );
});
