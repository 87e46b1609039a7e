/**
 * Rotation of a distributed gateway: two replicas of keys, two of crypto that keep data keys, a broker that gives each only its own subjects, that is
 * also in an attacker's hands, loses what it kept, and goes away.
 */
import { deepEqual, equal, match, notEqual, ok, rejects } from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { jetstream } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { headers, type MsgHdrs } from "@nats-io/transport-node";
import { type Bucket, getObject, metadataOf, putObject } from "../clients/objects.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { type KeysReplica, type RotationSite, startRotationSite } from "../rotation-site.ts";

const BUCKET = "rotated";
const BODY = Buffer.from("sealed under some version");
/** Header fields of a question. */
function headersOf(): MsgHdrs {
  const head = headers();
  head.set("S3eg-Request-Id", "0123456789ABCDEF");
  head.set("S3eg-Deadline", String(Date.now() + 3000));
  return head;
}

/** Longer than a replica takes to look by itself. */
const PATIENCE_MS = 20_000;

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await holds().catch(() => false))) {
    ok(Date.now() < deadline, `not so in time: ${what}`);
    await sleep(100);
  }
}

describe("rotation of a distributed gateway", () => {
  const stack = new AsyncDisposableStack();
  let site: RotationSite;
  let a: KeysReplica;
  let b: KeysReplica;
  let front: Bucket;
  let behind: Bucket;

  before(async () => {
    site = stack.use(await startRotationSite());
    [a, b] = [await site.startKeys("a"), await site.startKeys("b")];
    const clients = [site.front, site.behind].map((server) => s3ClientOf(server));
    const [gateway, store] = clients;
    ok(gateway && store);
    stack.defer(() => {
      for (const client of clients) client.destroy();
    });
    front = { s3: gateway, bucket: BUCKET };
    behind = { s3: store, bucket: BUCKET };
    await until("the gateway serves", async () => {
      const { status } = await fetch(`${site.front.endpoint}/ready`);
      return status === 200;
    });
    await front.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  });
  after(() => stack.disposeAsync());

  const activeOf = async ({ probeUrl }: KeysReplica): Promise<string | undefined> => {
    const text = await (await fetch(`${probeUrl}/metrics`)).text();
    return /^kms_active_key_version\{provider="aes"\} (\d+)/m.exec(text)?.[1];
  };
  const readable = async (key: string) =>
    await getObject(front, key).then(
      (body) => body.equals(BODY),
      () => false,
    );
  /** Of many reads, that go to one and the other crypto and keys. */
  const reads = async (key: string, count = 24) => {
    const all = Array.from({ length: count }, async () => await readable(key));
    return [...new Set(await Promise.all(all))];
  };
  const bucketOf = async () => {
    const nats = await site.attacker();
    return { nats, kv: await new Kvm(jetstream(nats)).open("s3eg-keys") };
  };

  it("goes step by step over the admin API, and every replica follows", async () => {
    await putObject(front, "first", { body: BODY });
    equal((await site.admin("GET", "status")).body.phase, "idle");
    const started = await site.admin("POST", "start", { target_version: 2, grace_period: "10s" });
    equal(started.status, 202, JSON.stringify(started.body));
    equal(started.body.phase, "draining");
    deepEqual([started.body.current_version, started.body.target_version], [1, 2]);
    const crossed = await site.admin("POST", "start", { target_version: 3 });
    equal(crossed.status, 409);
    match(JSON.stringify(crossed.body), /RotationConflict/);
    equal(await activeOf(a), "1");
    const committed = await site.admin("POST", "commit");
    deepEqual([committed.status, committed.body.phase], [200, "committed"]);
    for (const replica of [a, b]) {
      await until("the replica follows", async () => (await activeOf(replica)) === "2");
    }
    const seen = new Set<string | undefined>();
    for (let n = 0; n < 8; n += 1) {
      await putObject(front, `second/${n}`, { body: BODY });
      const { s3eg = "" } = await metadataOf(behind, `second/${n}`);
      notEqual(s3eg, "");
      seen.add(s3eg);
    }
    equal(seen.size, 8);
    match(await site.runKeys("b", ["list"]), /^readable +aes +1 .*\nactive +aes +2 /m);
    equal((await site.admin("POST", "start", { target_version: 9 })).status, 404);
  });

  it("may begin again, and be aborted", async () => {
    equal((await site.admin("POST", "start", {})).body.target_version, 3);
    equal((await site.admin("POST", "abort")).body.phase, "aborted");
    equal((await site.admin("POST", "commit", { force: true })).status, 409);
    equal(await activeOf(a), "2");
  });

  it("ends reads of a retired version everywhere, those of kept data keys too", async () => {
    deepEqual(await reads("first"), [true]);
    await rejects(site.runKeys("a", ["retire", "1"]), /--force/);
    match(await site.runKeys("a", ["retire", "--force", "1"]), /^retired +aes +1 /m);
    await until("nothing reads it", async () => (await reads("first")).join() === "false");
    for (let round = 0; round < 5; round += 1) deepEqual(await reads("first"), [false]);
    deepEqual(await reads("second/0"), [true]);
  });

  it("is kept by a replica that is killed, and known to one that was never there", async () => {
    process.kill(b.child.pid, "SIGKILL");
    await b.child.exited;
    b = await site.startKeys("b");
    const c = await site.startKeys("c");
    await a.child.stop();
    deepEqual(await reads("first"), [false]);
    equal(await activeOf(c), "2");
    deepEqual(await reads("second/1"), [true]);
    a = await site.startKeys("a");
    await c.child.stop();
  });

  it("is told to audit, each decision once", async () => {
    const expected = [
      ...["key_rotation.start", "key_rotation.committed"],
      ...["key_rotation.start", "key_rotation.aborted", "key_version.retired"],
    ];
    await until("audit has all", async () => (await site.keyEvents()).length >= expected.length);
    await sleep(1500);
    deepEqual(await site.keyEvents(), expected);
  });

  it("believes nobody who holds the broker and not the secret", async () => {
    const { nats, kv } = await bucketOf();
    const genuine = await kv.get("versions");
    ok(genuine);
    const forged = genuine.string().replaceAll(/"retired":\[[^\]]+\]/g, '"retired":[]');
    notEqual(forged, genuine.string());
    for (const value of [forged, "{}", ""]) {
      await kv.put("versions", value);
      deepEqual(await reads("first"), [false]);
      await until("it is put back", async () => {
        const now = await kv.get("versions");
        return now?.string() === genuine.string();
      });
    }
    // A rotation by whoever can publish, and an older value that was genuine.
    const asked = await nats.request("s3eg.keys.rotation.start", "{}", {
      timeout: 3000,
      headers: headersOf(),
    });
    equal(asked.headers?.get("Nats-Service-Error-Code"), "keys.refused");
    const former: string[] = [];
    for await (const entry of await kv.history({ key: "versions" })) former.push(entry.string());
    await kv.put("versions", former[0] ?? "");
    deepEqual(await reads("first"), [false]);
    await until("the newest is put back", async () => {
      const now = await kv.get("versions");
      return now?.string() === genuine.string();
    });
    await kv.destroy();
    deepEqual(await reads("first"), [false]);
    await until("the bucket is there again", async () => {
      const again = await new Kvm(jetstream(nats)).open("s3eg-keys");
      return (await again.get("versions"))?.string() === genuine.string();
    });
    await nats.close();
    equal(await activeOf(a), "2");
  });

  it("stays as it is while JetStream is away: no change, no new replica, no version back", async () => {
    await site.restartNats({ hasJetStream: false });
    await until("reads go on", async () => (await reads("second/2")).join() === "true");
    deepEqual(await reads("first"), [false]);
    await rejects(site.runKeys("a", ["restore", "1"]), /JetStream/);
    equal((await site.admin("POST", "start", { target_version: 3 })).status, 503);
    await until("a replica says so", async () => {
      const ready = await fetch(`${a.probeUrl}/readyz`);
      return ready.status === 503 && /"key-versions":"unavailable"/.test(await ready.text());
    });
    const late = await site.startKeys("late", { isReady: false });
    await a.child.stop();
    await b.child.stop();
    equal((await fetch(`${late.probeUrl}/startupz`)).status, 503);
    deepEqual(await reads("second/3", 4), [false], "nobody answers");
    // It comes back with nothing of what it kept: who remembers puts it there, before anybody new asks.
    await late.child.stop();
    await site.restartNats({ hasJetStream: true });
    a = await site.startKeys("a");
    const fresh = await site.startKeys("fresh");
    await until("reads go on again", async () => (await reads("second/3")).join() === "true");
    await a.child.stop();
    equal(await activeOf(fresh), "2");
    deepEqual(await reads("first"), [false]);
    match(await site.runKeys("fresh", ["restore", "1"]), /^readable +aes +1 /m);
    await until("it reads again", async () => (await reads("first")).join() === "true");
  });
});
