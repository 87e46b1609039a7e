/** The queue of work over a real broker: the rules of every queue, and what only a broker that restarts can show. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { NatsBus } from "../../shared/src/bus/nats-bus.ts";
import { NatsWorkQueue } from "../../shared/src/bus/nats-work-queue.ts";
import { workQueueContract } from "../../shared/test/bus/work-queue-contract.ts";
import { KeptLog } from "../../shared/test/runtime/kept-log.ts";
import { type NatsServer, startNats } from "../servers/nats.ts";

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
  return { stream: name, subject: `${name}.run` };
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
});
