/**
 * The response cache of one gateway while another one, before the same backend and without a word to the first, puts, copies, completes and
 * deletes: a read that begins after a change was acknowledged never shows what was before it.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { RawUpload } from "../clients/raw-upload.ts";
import { sendRaw } from "../features/raw-request.ts";
import {
  type Gateway,
  type OneProcessGateway,
  startDistributed,
  startGateway,
} from "../gateway.ts";
import { cpuSeconds } from "../servers/proc.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { startVersitygw } from "../servers/versitygw.ts";

const BUCKET = "cached";
const PATH = `/${BUCKET}/changing`;
/** Changes while nobody else reads, and while readers read without pause. */
const QUIET = 80;
const BUSY = 300;
const READERS = 4;
/** Bytes of every object. */
const SIZE = 100_000;
/** Reads of each kind that are measured: so often so many. */
const ROUNDS = 10;
const READS = 60;

/** The bytes of the object after a change: they begin with its number. */
function bodyOf(change: number): Buffer {
  const body = Buffer.alloc(SIZE, change & 0xff);
  body.writeUInt32BE(change);
  return body;
}

describe("the response cache of one of two gateways", () => {
  const servers = new AsyncDisposableStack();
  let backend: S3Server;
  let cached: OneProcessGateway;
  let writer: OneProcessGateway;

  before(async () => {
    backend = servers.use(await startVersitygw());
    const keys = `1=base64:${randomBytes(32).toString("base64")}`;
    const env = { SELF_CONTAINED_AES_KEYS: keys };
    cached = servers.use(await startGateway({ backend, env: { ...env, CACHE_ENABLED: "true" } }));
    writer = servers.use(await startGateway({ backend, env }));
    equal((await sendRaw(writer, { method: "PUT", path: `/${BUCKET}` })).status, 200);
  });
  after(() => servers.disposeAsync());

  /** What each kind of change is, and whether the object is there after it. */
  const changes: readonly (readonly [what: string, change: (number: number) => Promise<void>])[] = [
    ["put", (number) => put(PATH, number)],
    [
      "copy",
      async (number) => {
        await put(`/${BUCKET}/source`, number);
        const headers = { "x-amz-copy-source": `/${BUCKET}/source` };
        equal((await sendRaw(writer, { method: "PUT", path: PATH, headers })).status, 200);
      },
    ],
    [
      "complete",
      async (number) => {
        const upload = await RawUpload.begin(writer, PATH);
        equal((await upload.complete([await upload.part(1, bodyOf(number))])).status, 200);
      },
    ],
    [
      "delete",
      async () => {
        equal((await sendRaw(writer, { method: "DELETE", path: PATH })).status, 204);
      },
    ],
  ];
  const changeOf = (number: number) => changes[number % changes.length] ?? changes[0];
  const isDeletion = (number: number) => changeOf(number)?.[0] === "delete";

  async function put(path: string, number: number): Promise<void> {
    const answer = await sendRaw(writer, { method: "PUT", path, body: bodyOf(number) });
    equal(answer.status, 200);
  }

  /** Which change a read through the cache shows; undefined where there is no object. */
  async function seen(): Promise<number | undefined> {
    const { status, body } = await sendRaw(cached, { method: "GET", path: PATH });
    if (status === 404) return undefined;
    equal(status, 200);
    const number = body.readUInt32BE();
    ok(body.equals(bodyOf(number)), "an object is never a mixture");
    return number;
  }

  async function counted(name: string): Promise<number> {
    const text = await (await fetch(cached.metricsUrl)).text();
    const lines = text.split("\n").filter((line) => line.startsWith(name));
    return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  }

  it("shows each change at once", async () => {
    for (let number = 0; number < QUIET; number += 1) {
      await changeOf(number)?.[1](number);
      const expected = isDeletion(number) ? undefined : number;
      // The second read, and the third, are answered from what the first has kept.
      deepEqual([await seen(), await seen(), await seen()], [expected, expected, expected]);
    }
    const [hits, changed] = [
      await counted("gateway_cache_hits_total"),
      await counted('gateway_cache_misses_total{reason="changed"}'),
    ];
    ok(hits >= QUIET && changed >= QUIET / 4, `${hits} hits, ${changed} changed`);
  });

  it("shows no read the past, whatever happens at the same time", async (t) => {
    let begun = QUIET - 1;
    let acknowledged = QUIET - 1;
    let reads = 0;
    const stale: string[] = [];
    const read = async () => {
      while (acknowledged < QUIET + BUSY - 1) {
        const from = acknowledged;
        const shown = await seen();
        const to = begun;
        reads += 1;
        const may = Array.from({ length: to - from + 1 }, (_, at) => from + at);
        const isTrue = shown === undefined ? may.some(isDeletion) : may.includes(shown);
        if (!isTrue) stale.push(`${shown} in ${from} to ${to}`);
      }
    };
    const write = async () => {
      for (let number = QUIET; number < QUIET + BUSY; number += 1) {
        begun = number;
        await changeOf(number)?.[1](number);
        acknowledged = number;
      }
    };
    const before_ = await counted("gateway_cache_hits_total");
    await Promise.all([write(), ...Array.from({ length: READERS }, read)]);
    const hits = (await counted("gateway_cache_hits_total")) - before_;
    t.diagnostic(`${BUSY} changes, ${reads} reads, ${hits} of them hits, ${stale.length} stale`);
    deepEqual(stale, []);
    ok(reads > BUSY && hits > 0);
  });
});

/** Milliseconds for each read, and of CPU in all processes of the gateway and in the backend. */
interface Cost {
  ms: number;
  gateway: number;
  backend: number;
}

describe("a read from the cache, held against one that is not kept", () => {
  for (const [name, start] of [
    ["in one process", startGateway],
    ["in roles of their own", startDistributed],
  ] as const) {
    it(`is measured ${name}`, async (t) => {
      await using backend = await startVersitygw();
      await using gateway: Gateway = await start({ backend, env: { CACHE_ENABLED: "true" } });
      const send = async (method: string, path: string, more: object = {}) => {
        const answer = await sendRaw(gateway, { method, path: `/${BUCKET}${path}`, ...more });
        equal(answer.status, 200);
      };
      await send("PUT", "");
      const body = bodyOf(1);
      await send("PUT", "/hit", { body });
      await send("PUT", "/miss", { body, headers: { "cache-control": "no-store" } });
      const at = async () => [performance.now(), await cpuOf(gateway), await cpuOf(backend)];
      const costs = { "/hit": zero(), "/miss": zero() };
      // In turns, so that whatever else the machine does falls on both.
      for (let round = 0; round < 2 * ROUNDS; round += 1) {
        const path = round % 2 === 0 ? "/hit" : "/miss";
        await send("GET", path);
        const from = await at();
        for (let read = 0; read < READS; read += 1) await send("GET", path);
        add(costs[path], from, await at());
      }
      for (const what of ["ms", "gateway", "backend"] as const) {
        const [hit, miss] = [costs["/hit"][what], costs["/miss"][what]];
        const ratio = (hit / miss).toFixed(2);
        t.diagnostic(`${what}: hit ${hit.toFixed(2)}, miss ${miss.toFixed(2)}, ratio ${ratio}`);
        ok(hit > 0 && miss > 0);
      }
    });
  }
});

function zero(): Cost {
  return { ms: 0, gateway: 0, backend: 0 };
}

function add(cost: Cost, from: readonly number[], to: readonly number[]): void {
  const [ms = 0, gateway = 0, backend = 0] = to.map((now, n) => now - (from[n] ?? 0));
  cost.ms += ms / (ROUNDS * READS);
  cost.gateway += gateway / (ROUNDS * READS);
  cost.backend += backend / (ROUNDS * READS);
}

/** Milliseconds of CPU that all processes of a server have used. */
async function cpuOf({ pids }: S3Server): Promise<number> {
  const seconds = await Promise.all(pids.map(cpuSeconds));
  return seconds.reduce((sum, one) => sum + one, 0) * 1000;
}
