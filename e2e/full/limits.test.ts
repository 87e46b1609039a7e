/**
 * A crowd at the door: 2000 connections that send their bodies a byte at a time, and 500 clients that put 64 MiB each, over and over,
 * each kind with a credential of its own. The memory of the gateway stays bounded, its health is told, and a client of a third
 * credential gets on nearly as if it were alone.
 *
 * It measures the gateway only where the gateway gets the time that it asks for, so it tells how long each process ran and how long it
 * waited for a core. Beside other work, as root, in a session that comes before others (autogroup(7)):
 * `setsid -w sh -c 'echo -20 >/proc/self/autogroup; exec node --test e2e/full/limits.test.ts'`. `E2E_CROWD=200,50`: a smaller crowd.
 */
import { ok } from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Crowd } from "../clients/crowd.ts";
import { type RawAnswer, type Signer, sendRaw } from "../features/raw-request.ts";
import { type OneProcessGateway, startGateway } from "../gateway.ts";
import { type Child, startChild, untilReady } from "../servers/child.ts";
import { startSink } from "../servers/sink.ts";

const MIB = 1024 * 1024;
/** What the requests under way may need together (`limits.memory_budget`). */
const BUDGET = 64 * MIB;
/** Heap and buffers in use while the crowd is there. */
const MAX_IN_USE = 256 * MIB;
/** All that the process ever held: code, garbage that was not collected yet, and what the allocator keeps. */
const MAX_PEAK = 512 * MIB;

const [slow = 0, heavy = 0] = (process.env.E2E_CROWD ?? "2000,500").split(",").map(Number);
/** Alone and beside the crowd by turns, because the machine may do other work: what counts is the median of each. */
const ROUNDS = 3;
const ROUND_MS = 10_000;
/** The client at work beside the crowd begins a PUT and the GET of it this often, or when those before have ended. */
const EVERY_MS = 400;
const CONTENT = Buffer.alloc(256 * 1024, "well-behaved");
/** Its share of the rate that it has alone. */
const MIN_SHARE = 0.8;
const MAX_HEALTH_MS = 1000;

const WELL_BEHAVED = {
  accessKey: "WELLBEHAVED000000001",
  secretKey: "well-behaved-secret-0123456",
};
const SLOW = { accessKey: "SLOW0000000000000001", secretKey: "slow-secret-0123456789abcdef" };
const GREEDY = { accessKey: "GREEDY00000000000001", secretKey: "greedy-secret-0123456789abcd" };

describe(`a crowd of ${slow} slow and ${heavy} greedy clients`, () => {
  const servers = new AsyncDisposableStack();
  let gateway: OneProcessGateway;
  const processes: Record<string, number> = { clients: process.pid };

  before(async () => {
    const backend = servers.use(await startSink());
    const env = {
      LIMITS_MEMORY_BUDGET: String(BUDGET),
      BACKEND_UPLOAD_CHECKSUM: "none",
      // On the S3 port, as the health is: both are told beside the crowd.
      METRICS_ADDR: "",
    };
    processes.backend = backend.pids[0] ?? 0;
    gateway = servers.use(
      await startGateway({ backend, users: [WELL_BEHAVED, SLOW, GREEDY], env }),
    );
    processes.gateway = gateway.pids[0] ?? 0;
  });
  after(() => servers.disposeAsync());

  it("neither fills the memory, nor hides the health, nor starves another client", async (context) => {
    const alone: number[] = [];
    const beside: number[] = [];
    const healthMs: number[] = [];
    const inUse: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      alone.push(await pairsPerSecond(gateway));
      const seen = await besideCrowd(gateway, processes);
      context.diagnostic(`round ${round}: ${seen.story}`);
      ok(seen.came > (slow + heavy) / 2, `a crowd of which ${seen.came} requests came is none`);
      beside.push(seen.pairsPerSecond);
      healthMs.push(seen.healthMs);
      inUse.push(seen.inUse);
    }
    const [peak = 0] = await gateway.memoryPeaks();
    const share = median(beside) / median(alone);
    context.diagnostic(JSON.stringify({ alone, beside, share, healthMs, inUse, peak }));
    ok(Math.max(...inUse) <= MAX_IN_USE, `heap and buffers: ${inUse.map(inMib)} MiB`);
    ok(peak <= MAX_PEAK, `the gateway held ${inMib(peak)} MiB`);
    ok(median(healthMs) < MAX_HEALTH_MS, `health was told after ${healthMs} ms`);
    ok(share >= MIN_SHARE, `beside the crowd a client keeps ${Math.round(share * 100)} %`);
  });
});

/** What was seen in a round beside the crowd. Resolves when the gateway has forgotten it. */
async function besideCrowd(
  gateway: OneProcessGateway,
  processes: Readonly<Record<string, number>>,
) {
  const { endpoint } = gateway;
  await using slowOnes = await startCrowd({ ...SLOW, slow, heavy: 0, endpoint });
  await using greedy = await startCrowd({ ...GREEDY, slow: 0, heavy, endpoint });
  await untilReady("the crowd", [slowOnes, greedy], {
    probe: async () => (await metricOf(gateway, "gateway_admission_waiting_requests")) > 10,
  });
  const here = { ...processes, slow: slowOnes.pid, greedy: greedy.pid };
  const then = { times: await timesOf(here), came: await cameTo(gateway) };
  const [rate, healthMs] = await Promise.all([pairsPerSecond(gateway), worstHealth(gateway)]);
  const heap = await metricOf(gateway, "nodejs_heap_size_used_bytes");
  const inUse = heap + (await metricOf(gateway, "nodejs_external_memory_bytes"));
  const came = (await cameTo(gateway)) - then.came;
  const ran = since(then.times, await timesOf(here));
  await Promise.all([slowOnes.stop(), greedy.stop()]);
  await untilReady("the gateway", [], {
    probe: async () => (await metricOf(gateway, "gateway_admission_requests")) === 0,
  });
  const story = `ran and waited: ${ran}; the crowd: ${slowOnes.logTail()} ${greedy.logTail()}`;
  return { pairsPerSecond: rate, healthMs, inUse, came, story };
}

/** Requests that found a place or were refused one, up to now. */
async function cameTo(gateway: OneProcessGateway): Promise<number> {
  return await metricOf(gateway, "gateway_admission_wait_seconds_count");
}

/** Some of the crowd, in a process of its own. In the world they have cores of their own: here they take those that nobody else wants. */
async function startCrowd(crowd: Crowd): Promise<Child> {
  const script = join(import.meta.dirname, "../clients/crowd.ts");
  const args = [script, JSON.stringify(crowd)];
  const child = await startChild({ program: process.execPath, args });
  setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  return child;
}

/** Of the main thread of each process: nanoseconds for which it ran, and for which it waited for a core. */
async function timesOf(pids: Readonly<Record<string, number>>): Promise<[string, number[]][]> {
  const times = Object.entries(pids).map(async ([name, pid]): Promise<[string, number[]]> => {
    const text = await readFile(`/proc/${pid}/schedstat`, "utf8");
    return [name, text.split(" ", 2).map(Number)];
  });
  return await Promise.all(times);
}

function since(then: readonly [string, number[]][], now: readonly [string, number[]][]): string {
  const told = now.map(([name, times], n) => {
    const seconds = times.map((time, at) => (time - (then[n]?.[1][at] ?? 0)) / 1e9);
    return `${name} ${seconds.map((value) => value.toFixed(1)).join(" and ")} s`;
  });
  return told.join(", ");
}

/** How often a second a PUT and the GET of it are done, over the time of a round. Throws where one fails. */
async function pairsPerSecond({ endpoint }: OneProcessGateway): Promise<number> {
  const signer = { ...WELL_BEHAVED, endpoint };
  const path = "/keep/well-behaved";
  const startMs = performance.now();
  let pairs = 0;
  while (performance.now() - startMs < ROUND_MS) {
    const beganMs = performance.now();
    expectTaken(await sendRaw(signer, { method: "PUT", path, body: CONTENT }));
    const got = await sendRaw(signer, { method: "GET", path });
    expectTaken(got);
    ok(got.body.equals(CONTENT), "another content");
    pairs += 1;
    await sleep(Math.max(0, EVERY_MS - (performance.now() - beganMs)));
  }
  return (pairs * 1000) / (performance.now() - startMs);
}

function expectTaken({ status, code }: RawAnswer): void {
  ok(status === 200, `a well-behaved client is answered ${status} ${code}`);
}

/** The longest that it took to be told of the health, in milliseconds, each time over a connection of its own. */
async function worstHealth({ endpoint }: Signer): Promise<number> {
  const startMs = performance.now();
  let worstMs = 0;
  while (performance.now() - startMs < ROUND_MS) {
    const beganMs = performance.now();
    const answer = await fetch(`${endpoint}/livez`, { headers: { connection: "close" } });
    await answer.text();
    ok(answer.ok, `health answered ${answer.status}`);
    worstMs = Math.max(worstMs, performance.now() - beganMs);
    await sleep(200);
  }
  return worstMs;
}

/** What the metrics say of one without labels. */
async function metricOf({ endpoint }: Signer, metric: string): Promise<number> {
  const text = await (await fetch(`${endpoint}/metrics`)).text();
  const [, value] = new RegExp(`^${metric} (\\S+)$`, "m").exec(text) ?? [];
  ok(value !== undefined, `no ${metric}`);
  return Number(value);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function inMib(bytes: number): number {
  return Math.round(bytes / MIB);
}
