/**
 * Jobs of a distributed gateway: handed out over JetStream, taken over from an edge that is killed, and out of reach of who has nothing but
 * the broker.
 */
import { equal, match, notEqual, ok } from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { jetstream } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { connect, headers, type NatsConnection } from "@nats-io/transport-node";
import { type Bucket, getObject, putObject } from "../clients/objects.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { scanBucket } from "../clients/stored-objects.ts";
import { type DistributedGateway, startDistributed } from "../gateway.ts";
import { backendEnv } from "../gateway-settings.ts";
import { startBackend } from "../servers/backends.ts";
import { runToEnd } from "../servers/child.ts";
import { makeScratch } from "../servers/place.ts";
import type { S3Server } from "../servers/s3-server.ts";

const MAIN = join(import.meta.dirname, "../../services/cli/src/main.ts");
const OBJECTS = 450;
const MARK = "PLAIN-BEFORE-THE-JOB";
const BUCKET = "handed";
const PATIENCE_MS = 120_000;

/** What is known here of the list of jobs as it lies in JetStream. */
interface KeptList {
  readonly number: number;
  readonly jobs: readonly { readonly wish: object }[];
}

describe("jobs of a distributed gateway", () => {
  const stack = new AsyncDisposableStack();
  let backend: S3Server;
  let gateway: DistributedGateway;
  let behind: Bucket;
  let front: Bucket;
  let attacker: NatsConnection;
  let env: Record<string, string>;

  before(async () => {
    backend = stack.use(await startBackend("minio"));
    const scratch = stack.use(await makeScratch("jobs"));
    const secret = { SERVICE_SECRET: randomBytes(32).toString("base64") };
    const policies = [{ id: "handed", buckets: [BUCKET], contents: "mixed" }];
    gateway = stack.use(await startDistributed({ backend, policies, env: secret }, { edges: 2 }));
    behind = { s3: s3ClientOf(backend), bucket: BUCKET };
    front = {
      s3: s3ClientOf({ ...gateway, endpoint: gateway.endpoints[1] ?? "" }),
      bucket: BUCKET,
    };
    stack.defer(() => behind.s3.destroy());
    stack.defer(() => front.s3.destroy());
    attacker = await connect({ servers: gateway.natsUrl });
    stack.defer(() => attacker.close());
    env = {
      ...secret,
      NATS_URL: gateway.natsUrl,
      DATA_DIR: join(scratch.folder, "data"),
      ...backendEnv(backend),
      GW_ACCESS_KEY_1: gateway.accessKey,
      GW_SECRET_KEY_1: gateway.secretKey,
    };
    await behind.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    for (let n = 0; n < OBJECTS; n++) {
      await putObject(behind, `object-${n}`, { body: Buffer.from(`${MARK} ${n}`) });
    }
  });
  after(() => stack.disposeAsync());

  const jobs = async (...args: string[]): Promise<string> =>
    await runToEnd({ program: process.execPath, args: [MAIN, "jobs", ...args], env });

  async function untilShown(id: string, wanted: RegExp): Promise<string> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const shown = await jobs("show", id);
      if (wanted.test(shown)) return shown;
      ok(Date.now() < deadline, `not ${wanted}: ${shown}\n${gateway.logTails()}`);
      await sleep(500);
    }
  }

  const kept = async () =>
    await new Kvm(jetstream(attacker)).open("s3eg-jobs", { allow_direct: false });

  it("go on at another edge when the one that had them is killed", async () => {
    const [id = ""] = (await jobs("start", "seal-existing", "--rate", "15", BUCKET)).split(" ");
    const shown = await untilShown(id, / [123]00 sealed/);
    match(shown, /: running/);
    const entry = await (await kept()).get("jobs");
    const runner = /"name":"[^"]*-(\d+)"/.exec(entry?.string() ?? "")?.[1];
    ok(gateway.roles.edge.includes(Number(runner)), `${runner}`);
    // The other one serves the clients of this test.
    if (Number(runner) === gateway.roles.edge[1]) {
      front = { s3: s3ClientOf(gateway), bucket: BUCKET };
      stack.defer(() => front.s3.destroy());
    }
    process.kill(Number(runner), "SIGKILL");
    const done = await untilShown(id, /: done/);
    match(done, /\d+ sealed/);
    const later = await (await kept()).get("jobs");
    notEqual(later?.revision, entry?.revision);
    const scan = await scanBucket(behind, MARK);
    equal(scan.holding.length, 0);
    equal(scan.unsealed.length, 0);
    equal((await getObject(front, "object-7")).toString(), `${MARK} 7`);
  });

  it("can't be begun, changed or begun again by who has the broker alone", async () => {
    const bucket = await kept();
    const before_ = await bucket.get("jobs");
    const told = JSON.parse(before_?.string() ?? "{}") as KeptList;
    const [known] = told.jobs;
    const wish = { ...known?.wish, kind: "unseal", confirm: "plaintext" };
    const forged = {
      ...known,
      id: randomUUID(),
      wish,
      status: "waiting",
      progress: [{ bucket: BUCKET, isDone: false, counts: {}, reasons: {} }],
    };
    // The list, changed; the question, without a proof; the queue, with a name that is none; an old list, in which the job still waits.
    const list = { ...told, number: told.number + 1, jobs: [...told.jobs, forged] };
    await bucket.put("jobs", JSON.stringify(list));
    await jetstream(attacker).publish("s3eg.edge.job.run", forged.id);
    const fields = headers();
    fields.set("S3eg-Request-Id", "0123456789ABCDEF");
    fields.set("S3eg-Deadline", String(Date.now() + 3000));
    const question = JSON.stringify({ id: forged.id, wish });
    const reply = await attacker.request("s3eg.edge.job.start", question, {
      timeout: 3000,
      headers: fields,
    });
    match([...(reply.headers?.keys() ?? [])].join(" "), /error/i);
    await sleep(6000);
    for await (const old of await bucket.history({ key: "jobs" })) {
      if (!/"status":"(?:waiting|running)"/.test(old.string())) continue;
      await bucket.put("jobs", old.value);
      await sleep(3000);
    }
    const scan = await scanBucket(behind, MARK);
    equal(scan.unsealed.length, 0);
    // Who may begin one still can, and what was put in the list's place is gone.
    const [id = ""] = (await jobs("start", "verify", BUCKET)).split(" ");
    await untilShown(id, new RegExp(`${OBJECTS} opened, done`));
    const all = await jobs("list");
    ok(!all.includes("unseal"), all);
  });
});
