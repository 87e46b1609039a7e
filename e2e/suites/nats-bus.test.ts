/** The bus over a real broker: the rules of every bus, and what only a network can do. The one suite that imports from src. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { NatsBus } from "../../shared/src/bus/nats-bus.ts";
import { NatsKeptValue } from "../../shared/src/bus/nats-kept-value.ts";
import type { Log } from "../../shared/src/runtime/log.ts";
import { busContract, echo, faultOf, said } from "../../shared/test/bus/bus-contract.ts";
import { askRaw, makeIdentity } from "../../shared/test/bus/raw-nats.ts";
import { KeptLog } from "../../shared/test/runtime/kept-log.ts";
import { type NatsServer, startNats } from "../servers/nats.ts";
import { freePort, makeScratch } from "../servers/place.ts";
import { makeTestPki } from "../servers/test-pki.ts";

let port: number;
let url: string;
let server: NatsServer;

/** Always on the same port, so that clients find it again. */
const startServer = async () => {
  server = await startNats({ configText: `port: ${port}` });
};
const stopServer = () => server[Symbol.asyncDispose]();

before(async () => {
  port = await freePort();
  url = `nats://127.0.0.1:${port}`;
  await startServer();
});
after(stopServer);

const open = (log: Log, more: { hearsItself?: boolean; maxAnswers?: number } = {}) =>
  NatsBus.connect({ servers: url, name: "contract", version: "1.2.3", log, ...more });

const asking = { requestId: "req-1", timeoutMs: 5000 };

busContract("NatsBus", async (log) => {
  const [asker, answerer] = await Promise.all([open(log), open(log)]);
  return {
    asker,
    answerer,
    isLocal: false,
    async settle() {
      await asker.connection.flush();
      await answerer.connection.flush();
    },
    async close() {
      await asker.drain();
      await answerer.drain();
    },
  };
});

describe("NatsBus", () => {
  it("spreads questions over the owner's queue group", async () => {
    const buses = await Promise.all([1, 2, 3].map(() => open(new KeptLog())));
    const [asker, ...members] = buses;
    assert.ok(asker);
    for (const [index, member] of members.entries()) {
      member.serve(echo("spread"), async () => ({ text: String(index) }));
      await member.connection.flush();
    }
    const answers = await Promise.all(
      Array.from({ length: 64 }, () => asker.request(echo("spread"), { text: "" }, asking)),
    );
    assert.deepEqual([...new Set(answers.map(({ text }) => text))].sort(), ["0", "1"]);
    for (const bus of buses) await bus.drain();
  });

  it("refuses a question that is larger than 128 KiB, and more questions than it may answer at a time", async () => {
    const bus = await open(new KeptLog(), { maxAnswers: 1 });
    const first = Promise.withResolvers<void>();
    const isAsked = Promise.withResolvers<void>();
    bus.serve(echo("bounded"), async (input) => {
      isAsked.resolve();
      await first.promise;
      return input;
    });
    const large = bus.request(echo("bounded"), { text: "x".repeat(128 * 1024) }, asking);
    await assert.rejects(large, faultOf("input.invalid"));
    const answered = bus.request(echo("bounded"), { text: "1" }, asking);
    await isAsked.promise;
    const refused = bus.request(echo("bounded"), { text: "2" }, asking);
    await assert.rejects(refused, faultOf("limit.busy"));
    first.resolve();
    assert.deepEqual(await answered, { text: "1" });
    await bus.drain();
  });

  it("does not answer a question past its deadline, and refuses one without", async () => {
    const bus = await open(new KeptLog());
    let calls = 0;
    bus.serve(echo("deadline"), async (input) => {
      calls++;
      return input;
    });
    const subject = "s3eg.contract.text.deadline";
    const payload = '{"text":"a"}';
    const fields = { "S3eg-Request-Id": "r", "S3eg-Deadline": String(Date.now() - 1) };
    await assert.rejects(askRaw(url, subject, { payload, fields, timeoutMs: 100 }));
    const bare = await askRaw(url, subject, { payload });
    assert.equal(bare.header("Nats-Service-Error-Code"), "input.invalid");
    assert.equal(calls, 0);
    await bus.drain();
  });

  it("asks again while the answerer is not there yet", async () => {
    const [asker, answerer] = await Promise.all([open(new KeptLog()), open(new KeptLog())]);
    const asked = asker.request(echo("early"), { text: "a" }, asking);
    await asker.connection.flush();
    answerer.serve(echo("early"), async (input) => input);
    assert.deepEqual(await asked, { text: "a" });
    await asker.drain();
    await answerer.drain();
  });

  it("hears its own announcements only where it should", async () => {
    const [deaf, hearing] = await Promise.all([
      open(new KeptLog(), { hearsItself: false }),
      open(new KeptLog()),
    ]);
    const heard: string[] = [];
    deaf.subscribe(said, ({ by }) => heard.push(`deaf heard ${by}`));
    hearing.subscribe(said, ({ by }) => heard.push(`hearing heard ${by}`));
    for (const bus of [deaf, hearing]) await bus.connection.flush();
    await deaf.publish(said, { by: "deaf" });
    await deaf.connection.flush();
    await hearing.publish(said, { by: "hearing" });
    for (const bus of [hearing, deaf, hearing]) await bus.connection.flush();
    assert.deepEqual(heard.sort(), [
      "deaf heard hearing",
      "hearing heard deaf",
      "hearing heard hearing",
    ]);
    await deaf.drain();
    await hearing.drain();
  });

  it("answers the micro protocol as a client of another make asks it", async () => {
    const bus = await open(new KeptLog());
    bus.serve(echo("micro"), async (input) => input);
    await bus.request(echo("micro"), { text: "" }, asking);
    const ping = (await askRaw(url, "$SRV.PING.s3eg-contract")).json() as Record<string, string>;
    assert.equal(ping.type, "io.nats.micro.v1.ping_response");
    const byId = await askRaw(url, `$SRV.STATS.s3eg-contract.${ping.id}`);
    const stats = byId.json() as { version: string; endpoints: Record<string, unknown>[] };
    assert.equal(stats.version, "1.2.3");
    assert.equal(stats.endpoints[0]?.subject, "s3eg.contract.text.micro");
    assert.equal(stats.endpoints[0]?.queue_group, "contract");
    assert.equal(stats.endpoints[0]?.num_requests, 1);
    await bus.drain();
  });
});

describe("NatsBus when the broker goes away", () => {
  it("fails what is under way and what is new at once, and works again when it is back", async () => {
    const log = new KeptLog();
    const [asker, answerer] = await Promise.all([open(log), open(log)]);
    const never = Promise.withResolvers<void>();
    const isAsked = Promise.withResolvers<void>();
    answerer.serve(echo("cut"), async (input) => {
      if (input.text === "never") {
        isAsked.resolve();
        await never.promise;
      }
      return input;
    });
    await answerer.connection.flush();
    const underWay = asker.request(
      echo("cut"),
      { text: "never" },
      { ...asking, timeoutMs: 60_000 },
    );
    await isAsked.promise;
    const failed = assert.rejects(underWay, faultOf("bus.unavailable"));
    await stopServer();
    await failed;
    assert.equal(asker.isConnected, false);
    const fresh = asker.request(echo("cut"), { text: "new" }, { ...asking, timeoutMs: 60_000 });
    await assert.rejects(fresh, faultOf("bus.unavailable"));
    never.resolve();
    await startServer();
    while (!(asker.isConnected && answerer.isConnected)) await sleep(20);
    assert.deepEqual(await asker.request(echo("cut"), { text: "back" }, asking), { text: "back" });
    await asker.drain();
    await answerer.drain();
  });

  it("closes while cut off, without waiting for the broker", async () => {
    const bus = await open(new KeptLog());
    bus.serve(echo("closing"), async (input) => input);
    await stopServer();
    while (bus.isConnected) await sleep(5);
    await bus.drain();
    await startServer();
  });

  it("waits for a broker that is not there yet, and can be told to give up", async () => {
    await stopServer();
    const log = new KeptLog();
    const stop = new AbortController();
    const options = { servers: url, name: "early", log };
    const waiting = NatsBus.connect(options);
    const givenUp = NatsBus.connect({ ...options, signal: stop.signal });
    stop.abort(new Error("stopping"));
    await assert.rejects(givenUp);
    await startServer();
    const bus = await waiting;
    assert.equal(bus.isConnected, true);
    assert.ok(log.lines.includes("NATS cannot be reached yet"));
    await bus.drain();
  });
});

describe("NatsBus where the broker asks who is there", () => {
  it("shows an nkey seed, and reports what its account may not do", async () => {
    await using scratch = await makeScratch("bus");
    const [known, stranger] = [makeIdentity(), makeIdentity()];
    await using guarded = await startNats({
      configText: `authorization { users: [ { nkey: ${known.publicKey}, permissions: {
        publish: "s3eg.contract.text.allowed", subscribe: "_INBOX_edge.>" } } ] }`,
    });
    const enter = async ({ seed }: { seed: string }, heard: Log) => {
      const credsFile = join(scratch.folder, "seed");
      await writeFile(credsFile, `${seed}\n`);
      const options = { servers: guarded.url, name: "edge", inboxPrefix: "_INBOX_edge" };
      return NatsBus.connect({ ...options, credsFile, log: heard });
    };
    await assert.rejects(enter(stranger, new KeptLog()), faultOf("config.invalid"));
    const log = new KeptLog();
    const bus = await enter(known, log);
    const allowed = bus.request(echo("allowed"), { text: "" }, { ...asking, timeoutMs: 40 });
    await assert.rejects(allowed, faultOf("bus.no-responder"));
    const forbidden = bus.request(echo("forbidden"), { text: "" }, asking);
    await assert.rejects(forbidden, faultOf("internal.bug"));
    bus.serve(echo("forbidden"), async (input) => input);
    await bus.connection.flush();
    assert.ok(log.lines.includes("NATS refuses the subscription"));
    await bus.drain();
  });
});

describe("NatsBus over TLS", () => {
  it("is let in with a certificate by a broker that it trusts, and not otherwise", async () => {
    await using scratch = await makeScratch("bus-tls");
    const pki = await makeTestPki(scratch.folder);
    const { server: own, client } = pki;
    const files = { certFile: own.cert, keyFile: own.key, caFile: pki.ca };
    await using guarded = await startNats({ tls: files });
    const options = { servers: guarded.url, name: "edge", log: new KeptLog() };
    const isRefused = async (tls: Readonly<Record<string, string>>) => {
      const signal = AbortSignal.timeout(1000);
      await assert.rejects(NatsBus.connect({ ...options, tls, signal }));
    };
    const shown = { certFile: client.cert, keyFile: client.key };
    const bus = await NatsBus.connect({ ...options, tls: { ...shown, caFile: pki.ca } });
    assert.equal(bus.isConnected, true);
    await bus.drain();
    await isRefused(shown);
    await isRefused({ caFile: pki.ca });
  });
});

describe("NatsBus with another subject prefix", () => {
  it("hears nobody of the first", async () => {
    const options = { servers: url, name: "prefixed", log: new KeptLog() };
    const [one, other] = await Promise.all([
      NatsBus.connect({ ...options, subjectPrefix: "one" }),
      NatsBus.connect({ ...options, subjectPrefix: "other" }),
    ]);
    one.serve(echo("prefixed"), async (input) => input);
    await one.connection.flush();
    const asked = { ...asking, timeoutMs: 40 };
    const lost = other.request(echo("prefixed"), { text: "x" }, asked);
    await assert.rejects(lost, faultOf("bus.no-responder"));
    const own = await NatsBus.connect({ ...options, subjectPrefix: "one" });
    assert.deepEqual(await own.request(echo("prefixed"), { text: "x" }, asking), { text: "x" });
    for (const bus of [one, other, own]) await bus.drain();
  });
});

describe("NatsKeptValue", () => {
  /** Two processes that keep one value. */
  async function two(key: string) {
    const buses = await Promise.all([open(new KeptLog()), open(new KeptLog())]);
    const [a, b] = buses.map(
      ({ connection }) =>
        new NatsKeptValue(connection, { bucket: "kept-values", key, replicas: 1 }),
    );
    assert.ok(a && b);
    const close = async () => {
      for (const bus of buses) await bus.drain();
    };
    return { a, b, [Symbol.asyncDispose]: close };
  }
  const bytes = (text: string) => Buffer.from(text);
  const textOf = (kept: { bytes: Uint8Array } | undefined) =>
    kept && Buffer.from(kept.bytes).toString();

  it("is replaced by who has seen what it replaces, and by nobody else", async () => {
    await using at = await two("seen");
    assert.equal(await at.a.read(), undefined);
    const first = await at.a.write(bytes("first"), undefined);
    await assert.rejects(at.b.write(bytes("other"), undefined), { code: "backend.changed" });
    const seen = await at.b.read();
    assert.equal(textOf(seen), "first");
    await at.b.write(bytes("second"), seen);
    await assert.rejects(at.a.write(bytes("third"), first), { code: "backend.changed" });
    assert.equal(textOf(await at.a.read()), "second");
  });

  it("tells who watches of every write, and can be left at any moment", async () => {
    await using at = await two("watched");
    let rings = 0;
    const watch = at.b.watch(() => {
      rings += 1;
    });
    let kept = await at.a.write(bytes("0"), undefined);
    for (let n = 1; rings < 2 && n < 200; n += 1) {
      kept = await at.a.write(bytes(String(n)), kept);
      await sleep(25);
    }
    assert.ok(rings >= 2, String(rings));
    await watch[Symbol.asyncDispose]();
    await at.b.watch(() => {})[Symbol.asyncDispose]();
  });

  it("says that it can't be read where JetStream is away, and works again after that", async () => {
    await using at = await two("away");
    const kept = await at.a.write(bytes("here"), undefined);
    await stopServer();
    await assert.rejects(at.b.read(), { code: "bus.unavailable" });
    await assert.rejects(at.a.write(bytes("not"), kept), { code: "bus.unavailable" });
    await startServer();
    // The server that was started has nothing of what the other one kept; each finds it again in its own time.
    for (const value of [at.a, at.b]) {
      for (let tries = 0; tries < 100; tries += 1) {
        const again = await value.read().catch(() => kept);
        if (again === undefined) break;
        await sleep(100);
      }
      assert.equal(await value.read(), undefined);
    }
    await at.b.write(bytes("again"), undefined);
    assert.equal(textOf(await at.a.read()), "again");
  });
});
