/**
 * A crowd at the door: 2000 connections that send their bodies a byte at a time, and 500 clients that put 64 MiB each, over and over.
 * The memory of the gateway stays bounded, its health is told, and a client of another credential gets on nearly as if it were alone.
 * `E2E_CROWD=200,50` makes the crowd smaller: it needs a machine whose cores are its own, because crowd, backend and gateway share them.
 */
import { ok } from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
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
const CROWD = { accessKey: "CROWD000000000000001", secretKey: "crowd-secret-0123456789abcd" };

describe(`a crowd of ${slow} slow and ${heavy} greedy clients`, () => {
  const servers = new AsyncDisposableStack();
  let gateway: OneProcessGateway;

  before(async () => {
    const backend = servers.use(await startSink());
    const env = {
      LIMITS_MEMORY_BUDGET: String(BUDGET),
      BACKEND_UPLOAD_CHECKSUM: "none",
      // On the S3 port, as the health is: both are told beside the crowd.
      METRICS_ADDR: "",
    };
    gateway = servers.use(await startGateway({ backend, users: [WELL_BEHAVED, CROWD], env }));
  });
  after(() => servers.disposeAsync());

  it("neither fills the memory, nor hides the health, nor starves another client", async (context) => {
    const alone: number[] = [];
    const beside: number[] = [];
    const healthMs: number[] = [];
    const inUse: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      alone.push(await pairsPerSecond(gateway));
      await using crowd = await startCrowd(gateway);
      await untilReady("the crowd", [crowd], {
        probe: async () => (await told(gateway, "gateway_admission_waiting_requests")) > 10,
      });
      const [rate, worstMs] = await Promise.all([pairsPerSecond(gateway), worstHealth(gateway)]);
      beside.push(rate);
      healthMs.push(worstMs);
      const heap = await told(gateway, "nodejs_heap_size_used_bytes");
      inUse.push(heap + (await told(gateway, "nodejs_external_memory_bytes")));
      await crowd.stop();
      context.diagnostic(`the crowd of round ${round}: ${crowd.logTail()}`);
      await untilReady("the gateway", [], {
        probe: async () => (await told(gateway, "gateway_admission_requests")) === 0,
      });
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

async function startCrowd({ endpoint }: Signer): Promise<Child> {
  const script = join(import.meta.dirname, "../clients/crowd.ts");
  const crowd = JSON.stringify({ ...CROWD, slow, heavy, endpoint });
  return await startChild({ program: process.execPath, args: [script, crowd] });
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
async function told({ endpoint }: Signer, metric: string): Promise<number> {
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
