/** The queue of work over a real broker: the rules of every queue, and what only a broker that restarts can show. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { NatsBus } from "../../shared/src/bus/nats-bus.ts";
import { NatsKeptValue } from "../../shared/src/bus/nats-kept-value.ts";
import { NatsWorkQueue } from "../../shared/src/bus/nats-work-queue.ts";
import { workQueueContract } from "../../shared/test/bus/work-queue-contract.ts";
import { KeptLog } from "../../shared/test/runtime/kept-log.ts";
import { type NatsServer, startNats } from "../servers/nats.ts";
import { makeNatsUsers } from "../servers/nats-users.ts";
import { makeScratch } from "../servers/place.ts";

let server: NatsServer;

before(async () => {
  server = await startNats();
});
after(() => server[Symbol.asyncDispose]());

async function connected() {
  return await NatsBus.connect({
    servers: server.url,
    name: "queue",
    version: "1.2.3",
    log: new KeptLog(),
  });
}

function placeOf() {
  const name = `q-${randomUUID()}`;
  return { stream: name, subject: `${name}.run`, replicas: 1 };
}

workQueueContract("NatsWorkQueue", async () => {
  const [one, other] = [await connected(), await connected()];
  const place = placeOf();
  return {
    one: new NatsWorkQueue(one.connection, place),
    other: new NatsWorkQueue(other.connection, place),
    async close() {
      await one.drain();
      await other.drain();
    },
  };
});

describe("NatsWorkQueue", () => {
  it("keeps what is put while nobody takes, and says when it can't be reached", async () => {
    const place = placeOf();
    const first = await connected();
    await new NatsWorkQueue(first.connection, place).put("a", "a-0");
    await first.drain();
    const second = await connected();
    const queue = new NatsWorkQueue(second.connection, place);
    const task = await queue.take(new AbortController().signal);
    assert.equal(task?.id, "a");
    task?.done();
    await second.drain();
    await assert.rejects(queue.put("b", "b-0"), { code: "bus.unavailable" });
  });

  it("is edge's to use with the rights that deploy gives it, and the list of jobs as well", async () => {
    await using scratch = await makeScratch("nats-users");
    const users = await makeNatsUsers(scratch.folder, ["edge"]);
    await using broker = await startNats({ configText: users.configText });
    await using bus = await NatsBus.connect({
      servers: broker.url,
      name: "edge",
      version: "1.2.3",
      credsFile: users.seedOf("edge"),
      inboxPrefix: "_INBOX.edge",
      log: new KeptLog(),
    });
    const value = new NatsKeptValue(bus.connection, {
      bucket: "s3eg-jobs",
      key: "jobs",
      replicas: 1,
    });
    const kept = await value.write(Buffer.from("one"), await value.read());
    await value.write(Buffer.from("two"), kept);
    assert.equal(Buffer.from((await value.read())?.bytes ?? []).toString(), "two");
    const place = { stream: "s3eg-job-queue", subject: "s3eg.edge.job.run", replicas: 1 };
    const queue = new NatsWorkQueue(bus.connection, place);
    await queue.put("a", "a-0");
    const task = await queue.take(new AbortController().signal);
    assert.equal(task?.id, "a");
    task?.extend();
    task?.done();
  });
});
