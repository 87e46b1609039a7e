import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import {
  type Job,
  type JobAnswer,
  JobWish,
  listJobs,
  startJob,
  steerJob,
} from "@s3eg/shared/contracts/jobs.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { jobEndpoints } from "../../src/endpoints/jobs.ts";
import { ask } from "./asked.ts";

const ID = "00000000-0000-4000-8000-000000000001";
const JOB: Job = {
  id: ID,
  wish: JobWish.parse({ kind: "rewrap", buckets: ["abc"], perSecond: 9 }),
  by: "admin",
  status: "running",
  createdAt: "2026-01-02T03:04:05.000Z",
  runner: { name: "host-1", untilMs: 5 },
  turn: 1,
  progress: [
    {
      ...{ bucket: "abc", isDone: false, after: { key: "a secret name" } },
      ...{ counts: { rewrapped: 3 }, reasons: { "skipped: why": 1 } },
    },
  ],
};

/** The endpoints before an edge that answers this. */
function before(answer: JobAnswer = { job: JOB }) {
  const log = createLog({ service: "test", level: "error", destination: { write: () => {} } });
  const bus = new MemoryBus({ log });
  const asked: unknown[] = [];
  bus.serve(startJob, async ({ wish }) => {
    asked.push(wish);
    return await Promise.resolve({ plain: answer });
  });
  bus.serve(steerJob, async ({ id, action }) => {
    asked.push([id, action]);
    return await Promise.resolve({ plain: answer });
  });
  bus.serve(listJobs, async () => await Promise.resolve({ plain: { jobs: [JOB] } }));
  const endpoints = jobEndpoints({ bus, session: undefined });
  return { asked, send: async (what: string, body = "") => await ask(endpoints, what, body) };
}

describe("endpoints of jobs", () => {
  it("begin a job as it is told, and show how it stands", async () => {
    const { asked, send } = before();
    const body = { kind: "rewrap", buckets: ["abc"], rate: 9, dry_run: true, upgrade: true };
    const begun = await send("POST /admin/jobs", JSON.stringify(body));
    assert.equal(begun.status, 202);
    assert.deepEqual(asked, [
      {
        ...JobWish.parse({ kind: "rewrap", buckets: ["abc"], perSecond: 9 }),
        isDry: true,
        upgrades: true,
      },
    ]);
    const shown = await send(`GET /admin/jobs/${ID}`);
    assert.equal(shown.status, 200);
    const told = JSON.stringify(shown.body);
    assert.match(told, /"status":"running".*"runner":"host-1".*"counts":\{"rewrapped":3\}/);
    assert.ok(!told.includes("a secret name"), "no key of an object");
    assert.deepEqual((await send("GET /admin/jobs")).body, { jobs: [shown.body] });
    assert.equal((await send(`GET /admin/jobs/${ID.replace(/1$/, "2")}`)).status, 404);
    assert.equal((await send("GET /admin/jobs/no-id")).status, 400);
  });

  it("begin no unseal that is not confirmed, and nothing that is no job", async () => {
    const { asked, send } = before();
    for (const body of [
      { kind: "unseal", buckets: ["abc"] },
      { kind: "unseal", buckets: ["abc"], confirm: "yes" },
      { kind: "dance", buckets: ["abc"] },
      { kind: "verify", buckets: [] },
      { kind: "verify", buckets: ["abc"], what: 1 },
    ]) {
      const refused = await send("POST /admin/jobs", JSON.stringify(body));
      assert.equal(refused.status, 400, JSON.stringify(body));
    }
    assert.deepEqual(asked, []);
    const confirmed = { kind: "unseal", buckets: ["abc"], confirm: "plaintext" };
    assert.equal((await send("POST /admin/jobs", JSON.stringify(confirmed))).status, 202);
  });

  it("steer, and say why not", async () => {
    const { asked, send } = before();
    for (const action of ["pause", "resume", "cancel"]) {
      assert.equal((await send(`POST /admin/jobs/${ID}/${action}`)).status, 200);
    }
    assert.deepEqual(asked, [
      [ID, "pause"],
      [ID, "resume"],
      [ID, "cancel"],
    ]);
    for (const [reason, status] of [
      ["Conflict", 409],
      ["NotFound", 404],
    ] as const) {
      const refusing = before({ refusal: { reason, message: "not now" } });
      const refused = await refusing.send(`POST /admin/jobs/${ID}/pause`);
      assert.equal(refused.status, status);
      assert.match(JSON.stringify(refused.body), /not now/);
    }
  });
});
