import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { MemoryWorkQueue } from "@s3eg/shared/bus/memory-work-queue.ts";
import { JobWish, listJobs, startJob, steerJob } from "@s3eg/shared/contracts/jobs.ts";
import { openJobDesk, steerIn } from "../../src/jobs/job-desk.ts";
import { keptLog } from "../running-edge.ts";
import { aJob, idOf, listWith } from "./kept-jobs.ts";

const ASKING = { requestId: "R" };

describe("the desk of jobs", () => {
  it("begins a job once, tells of all, and steers", async () => {
    const bus = new MemoryBus({ log: keptLog() });
    const list = await listWith(aJob(1));
    const queue = new MemoryWorkQueue();
    openJobDesk({ bus, guard: undefined, list, queue });
    const wish = JobWish.parse({ kind: "seal-existing", buckets: ["old-bucket"] });
    for (let n = 0; n < 2; n++) {
      const answer = await bus.request(startJob, { id: idOf(2), wish }, ASKING);
      assert.ok("plain" in answer && "job" in answer.plain);
      assert.equal(answer.plain.job.by, "admin");
    }
    assert.equal((await queue.take(new AbortController().signal))?.id, idOf(2));
    const listed = await bus.request(listJobs, {}, ASKING);
    assert.ok("plain" in listed);
    assert.deepEqual(
      listed.plain.jobs.map(({ id }) => id),
      [idOf(2), idOf(1)],
    );
    const steered = await bus.request(steerJob, { id: idOf(2), action: "pause" }, ASKING);
    assert.ok("plain" in steered && "job" in steered.plain);
    assert.equal(steered.plain.job.status, "paused");
  });

  it("takes no unseal that is not confirmed", async () => {
    const bus = new MemoryBus({ log: keptLog() });
    const list = await listWith();
    openJobDesk({ bus, guard: undefined, list, queue: new MemoryWorkQueue() });
    const confirmed = JobWish.parse({ kind: "unseal", buckets: ["abc"], confirm: "plaintext" });
    const { confirm: _, ...wish } = confirmed;
    await assert.rejects(bus.request(startJob, { id: idOf(1), wish }, ASKING));
    assert.equal((await list.read()).length, 0);
  });
});

describe("steerIn", () => {
  it("says why not", async () => {
    const list = await listWith(aJob(1));
    const missing = await steerIn(list, idOf(7), "cancel");
    assert.ok("refusal" in missing);
    assert.equal(missing.refusal.reason, "NotFound");
    const refused = await steerIn(list, idOf(1), "resume");
    assert.deepEqual(refused, {
      refusal: { reason: "Conflict", message: "a job that is waiting can't be resumed" },
    });
  });
});
