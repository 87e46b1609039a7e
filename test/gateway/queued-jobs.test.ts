import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { jobs } from "../../services/cli/src/commands/jobs.ts";
import { jobChanged } from "../../shared/src/contracts/audit.ts";
import { startJob } from "../../shared/src/contracts/jobs.ts";
import { type RunningGateway, runningGateway } from "./running-gateway.ts";

const TOKEN = "a-token-for-the-admin-api-of-a-test";
const POLICY = "id: old\nbuckets: [old-*]\ncontents: mixed\n";
const OBJECTS = 30;
/** As far as it is looked at. */
interface Job {
  readonly id: string;
  readonly status: string;
  readonly error?: string;
  readonly progress: readonly { readonly counts: Readonly<Record<string, number>> }[];
}

describe("jobs of a running gateway", () => {
  const stack = new AsyncDisposableStack();
  let gateway: RunningGateway;
  let settings: Record<string, string>;
  let admin: string;

  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), "s3eg-queued-"));
    stack.defer(() => rm(folder, { recursive: true }));
    const port = await freePort();
    admin = `http://127.0.0.1:${port}/admin/jobs`;
    const env = {
      DATA_DIR: join(folder, "data"),
      ADMIN_ENABLED: "true",
      ADMIN_ADDRESS: `127.0.0.1:${port}`,
      ADMIN_AUTH_TOKEN: TOKEN,
      ADMIN_ALLOW_INLINE_TOKEN: "1",
    };
    gateway = stack.use(await runningGateway({ policies: [POLICY], env }));
    await writeFile(join(folder, "p.yaml"), POLICY);
    settings = { ...gateway.settings, ...env, POLICIES: join(folder, "p.yaml") };
    await gateway.behind.send("PUT", "/old-1");
    for (let n = 0; n < OBJECTS; n++) {
      await gateway.behind.send("PUT", `/old-1/${n}`, { body: `plain ${n}` });
    }
  });
  after(() => stack.disposeAsync());

  async function call(method: string, path = "", body?: unknown) {
    const answer = await fetch(`${admin}${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, json: await answer.json() };
  }

  async function jobOf(id: string): Promise<Job> {
    return (await call("GET", `/${id}`)).json as Job;
  }

  async function untilJob(id: string, status: string): Promise<Job> {
    for (let tries = 0; tries < 500; tries++) {
      const job = await jobOf(id);
      if (job.status === status) return job;
      await sleep(20);
    }
    return assert.fail(`job did not become ${status}: ${JSON.stringify(await jobOf(id))}`);
  }

  it("are begun over the admin API, run, and told to the audit trail", async () => {
    const told: string[] = [];
    gateway.bus.subscribe(jobChanged, ({ action }) => void told.push(action));
    const begun = await call("POST", "", { kind: "seal-existing", buckets: ["old-1"] });
    assert.equal(begun.status, 202, JSON.stringify(begun.json));
    const { id } = begun.json as Job;
    const done = await untilJob(id, "done");
    assert.deepEqual(done.progress[0]?.counts, { sealed: OBJECTS });
    const { metadata } = await gateway.store.readStored("old-1", "7");
    assert.ok(metadata["x-amz-meta-s3eg"]);
    const read = await gateway.client.send("GET", "/old-1/7");
    assert.equal(read.text, "plain 7");
    const listed = (await call("GET")).json as { jobs: Job[] };
    assert.equal(listed.jobs[0]?.id, id);
    for (let tries = 0; told.length < 2 && tries < 250; tries++) await sleep(20);
    assert.deepEqual(told, ["started", "done"]);
  });

  it("unseal only what is confirmed", async () => {
    const wish = { kind: "unseal", buckets: ["old-1"] };
    for (const confirm of [undefined, "yes", ""]) {
      const refused = await call("POST", "", { ...wish, confirm });
      assert.equal(refused.status, 400, JSON.stringify(refused.json));
      assert.match(JSON.stringify(refused.json), /confirm/);
    }
    const begun = await call("POST", "", { ...wish, confirm: "plaintext" });
    const done = await untilJob((begun.json as Job).id, "done");
    assert.deepEqual(done.progress[0]?.counts, { unsealed: OBJECTS });
    const { bytes } = await gateway.store.readStored("old-1", "7");
    assert.equal(bytes.toString(), "plain 7");
  });

  it("are begun, held, let go on and cancelled from the command line beside it", async () => {
    const text = await jobs(["start", "verify", "--rate", "1", "old-1"], settings);
    const [id = ""] = text.split(" ");
    await untilJob(id, "running");
    assert.match(await jobs(["pause", id], settings), /: paused\n/);
    await assert.rejects(jobs(["pause", id], settings), /is paused can't be paused/);
    assert.match(await jobs(["resume", id.slice(0, 8)], settings), /: waiting\n/);
    await untilJob(id, "running");
    assert.equal((await call("POST", `/${id}/cancel`)).status, 200);
    assert.equal((await call("POST", `/${id}/resume`)).status, 409);
    assert.match(await jobs(["list"], settings), new RegExp(`${id} cancelled .* verify old-1\n`));
    await assert.rejects(jobs(["show", "nothing"], settings), { exitCode: 3 });
    await assert.rejects(jobs(["start", "unseal", "old-1"], settings), /confirm/);
  });

  it("fail with what is wrong, and are begun once by a question that comes twice", async () => {
    const begun = await call("POST", "", { kind: "verify", buckets: ["not-there"] });
    const failed = await untilJob((begun.json as Job).id, "failed");
    assert.match(failed.error ?? "", /^backend\.refused: /);
    const id = "3f1d2c1a-0f3b-4f6e-8a57-1d2f3a4b5c6d";
    const input = { id, wish: { kind: "verify", buckets: ["old-1"], isDry: true } };
    for (const requestId of ["1", "2"]) {
      await gateway.bus.request(startJob, input as never, { requestId });
    }
    await untilJob(id, "done");
    const { jobs: all } = (await call("GET")).json as { jobs: Job[] };
    assert.equal(all.filter((job) => job.id === id).length, 1);
    for (const path of ["/no-uuid", `/${"0".repeat(8)}-0000-4000-8000-000000000000`]) {
      assert.ok([400, 404].includes((await call("GET", path)).status), path);
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
