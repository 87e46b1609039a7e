import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isFault } from "@s3eg/shared/faults.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { openChainKey } from "../../src/chain/chain-key.ts";
import { ChainedSink } from "../../src/chain/chained-sink.ts";
import { AuditSection } from "../../src/config.ts";
import { httpSink } from "../../src/sinks/http-sink.ts";

const SILENT = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };

/** A receiver that answers with `status`, and keeps what it took. */
async function receiver(t: TestContext) {
  const posts: { readonly events: { readonly n: number }[]; readonly authorization: unknown }[] =
    [];
  const state = { status: 200 };
  const server = createServer((req, res) => {
    const pieces: Buffer[] = [];
    req.on("data", (piece: Buffer) => pieces.push(piece));
    req.on("end", () => {
      const { status } = state;
      if (status === 200) {
        const events = JSON.parse(Buffer.concat(pieces).toString()) as { n: number }[];
        posts.push({ events, authorization: req.headers.authorization });
      }
      res.writeHead(status).end("what it says is not read");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  const { port } = server.address() as { port: number };
  const numbers = () => posts.flatMap(({ events }) => events.map(({ n }) => n));
  return { state, posts, numbers, endpoint: `http://127.0.0.1:${port}/events` };
}

async function opened(
  folder: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<{ chained: ChainedSink; write(...numbers: number[]): Promise<void> } & AsyncDisposable> {
  const { sink } = AuditSection.parse({
    sink: { type: "http", retry_backoff: "20ms", ...settings },
  });
  const http = await httpSink(sink, { folder, log: SILENT, metrics: createMetrics() });
  const key = await openChainKey({ folder, inline: undefined, file: undefined });
  const chained = await ChainedSink.open({ sink: http, key, folder, path: http.path, log: SILENT });
  return {
    chained,
    write: (...numbers) => chained.write(numbers.map((n) => `{"n":${n}}\n`)),
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  };
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 500, "it never came");
    await sleep(20);
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("the http sink", () => {
  async function scratch(t: TestContext): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "http-sink-"));
    t.after(() => rm(folder, { recursive: true }));
    return folder;
  }

  it("sends arrays of events in order, with the headers that are set", async (t) => {
    const { endpoint, posts, numbers } = await receiver(t);
    const headers = { authorization: "Bearer hush" };
    await using sink = await opened(await scratch(t), {
      endpoint,
      headers,
      batch_size: 2,
      flush_interval: "1ms",
    });
    await sink.write(...upTo(5));
    await until(() => numbers().length === 5);
    assert.deepEqual(numbers(), upTo(5));
    assert.deepEqual(
      posts.map(({ events, authorization }) => [events.length, authorization]),
      [2, 2, 1].map((count) => [count, "Bearer hush"]),
    );
    const [first] = posts[0]?.events ?? [];
    assert.deepEqual(Object.keys(first ?? {}), ["n", "seq", "prev", "mac"]);
  });

  it("loses nothing while the receiver is away, over a restart too", async (t) => {
    const { endpoint, state, numbers } = await receiver(t);
    const folder = await scratch(t);
    state.status = 503;
    {
      await using sink = await opened(folder, { endpoint });
      for (const n of upTo(20)) await sink.write(n);
      assert.deepEqual(numbers(), []);
    }
    await using sink = await opened(folder, { endpoint });
    await sink.write(21);
    state.status = 200;
    await until(() => numbers().length >= 21);
    assert.deepEqual(numbers(), upTo(21));
  });

  it("sends after a start only what was not taken before", async (t) => {
    const { endpoint, numbers } = await receiver(t);
    const folder = await scratch(t);
    for (const n of upTo(3)) {
      await using sink = await opened(folder, { endpoint });
      await sink.write(n);
    }
    assert.deepEqual(numbers(), upTo(3));
  });

  it("refuses lines when the spool is full, and takes them again when it is not", async (t) => {
    const { endpoint, state, numbers } = await receiver(t);
    const folder = await scratch(t);
    state.status = 500;
    await using sink = await opened(folder, { endpoint, spool_max_bytes: 1000 });
    let written = 0;
    const writeOn = async () => {
      for (; written < 20; written++) await sink.write(written + 1);
    };
    await assert.rejects(writeOn(), { code: "limit.busy" });
    state.status = 200;
    // What the receiver has just taken makes room a moment later.
    for (let tries = 0; written < 20; tries++) {
      await writeOn().catch((error: unknown) => assert.ok(isFault(error, "limit.busy")));
      assert.ok(tries < 500, "there never was room");
      await sleep(20);
    }
    await until(() => numbers().length === 20);
    assert.deepEqual(numbers(), upTo(20));
  });

  it("removes files that were taken", async (t) => {
    const { endpoint, numbers } = await receiver(t);
    const folder = await scratch(t);
    await using sink = await opened(folder, { endpoint });
    const long = "x".repeat(3 * 1024 * 1024);
    for (const n of upTo(8)) await sink.chained.write([`{"n":${n},"long":"${long}"}\n`]);
    await until(() => numbers().length === 8);
    await sink.write(9);
    await until(() => numbers().length === 9);
    assert.deepEqual(numbers(), upTo(9));
    assert.deepEqual(await readdir(join(folder, "spool")), ["events"]);
  });
});
