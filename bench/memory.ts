/**
 * npm run bench:memory: the most memory that the gateway holds (VmHWM), in one process where nothing else is said, while bodies far
 * larger than that stream through, and while clients do not keep up. memory.ts [--only TEXT] [--gib 1]
 * --only: the cases whose name holds TEXT; --gib: size of the large objects. Status 1 when a case is over its limit.
 */
import { createHash, randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import type { S3Server } from "../e2e/servers/s3-server.ts";
import { type Payload, runLoad, wholePayload } from "./load.ts";
import { uploadParts } from "./part-upload.ts";
import { readAll, readingSlowly, slowly, stoppingFor } from "./slow-clients.ts";
import { startTargets } from "./targets.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const LIMIT_MIB = 250;
const KEPT = "/keep/memory";

/** What is streamed through a gateway that was just started. */
interface Case {
  readonly name: string;
  /** Every role in a process of its own, each of which is held to the limit. */
  readonly isDistributed?: boolean;
  /** Before anything is measured. */
  readonly kept?: Payload;
  run(gateway: S3Server): Promise<void>;
}

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: "string", default: "" }, gib: { type: "string", default: "1" } },
  });
  say(["scenario", "process", "VmHWM", "limit", "ok"]);
  for (const one of cases(Number(values.gib) * 1024)) {
    if (one.name.includes(values.only) && !(await isWithinLimit(one))) process.exitCode = 1;
  }
}

async function isWithinLimit({ name, kept, run, isDistributed = false }: Case): Promise<boolean> {
  await using targets = await startTargets({ hasGateway: true, isDistributed });
  const { gateway } = targets;
  if (gateway === undefined) throw new Error("no gateway");
  if (kept !== undefined) await putAll(gateway, { path: KEPT, payload: kept, parallel: 1 });
  await run(gateway);
  const roleOf = (pid = 0) =>
    Object.entries(gateway.roles ?? {}).find(([, pids]) => pids.includes(pid))?.[0] ?? "gateway";
  const peaks = (await gateway.memoryPeaks()).map((bytes) => bytes / MIB);
  for (const [n, peak] of peaks.entries()) {
    const verdict = peak < LIMIT_MIB ? "ok" : "OVER";
    say([name, roleOf(gateway.pids[n]), `${peak.toFixed(0)} MiB`, `${LIMIT_MIB} MiB`, verdict]);
  }
  return peaks.every((peak) => peak < LIMIT_MIB);
}

function cases(largeMib: number): Case[] {
  const large = repeated(randomBytes(MIB), largeMib);
  const half = repeated(randomBytes(MIB), largeMib / 2);
  const middle = repeated(randomBytes(MIB), 64);
  const whole = wholePayload(randomBytes(16 * MIB));
  const trickle = repeated(randomBytes(64 * KIB), 80);
  const size = `${largeMib} MiB`;
  return [
    {
      name: `16 PUTs of ${size}`,
      run: (gateway) => putAll(gateway, { path: "/sink/large", payload: large, parallel: 16 }),
    },
    {
      name: `16 GETs of ${size}`,
      kept: large,
      run: (gateway) => getAll(gateway, { payload: large, parallel: 16 }),
    },
    {
      name: `16 PUTs, then 16 GETs of ${size}`,
      kept: large,
      async run(gateway) {
        await putAll(gateway, { path: "/sink/large", payload: large, parallel: 16 });
        await getAll(gateway, { payload: large, parallel: 16 });
      },
    },
    {
      name: `16 parts of ${largeMib / 2} MiB of one upload`,
      run: (gateway) => uploadParts(gateway, { payload: half, parallel: 16 }),
    },
    {
      name: `16 parts of ${largeMib / 2} MiB, roles apart`,
      isDistributed: true,
      run: (gateway) => uploadParts(gateway, { payload: half, parallel: 16 }),
    },
    {
      name: "64 PUTs of 16 MiB",
      run: (gateway) => putAll(gateway, { path: "/sink/middle", payload: whole, parallel: 64 }),
    },
    {
      name: "64 writers at 256 KiB/s, 20 s",
      run: (gateway) => {
        const payload = slowly(trickle, 250);
        return putAll(gateway, { path: "/sink/slow", payload, parallel: 64 });
      },
    },
    {
      name: "64 readers at 256 KiB/s, 20 s",
      kept: middle,
      run: (gateway) =>
        readAll(gateway, { path: KEPT, readers: 64, reading: readingSlowly(256 * KIB, 20) }),
    },
    {
      name: "32 readers that stop for 10 s",
      kept: middle,
      run: (gateway) =>
        readAll(gateway, { path: KEPT, readers: 32, reading: stoppingFor(10, middle.bytes) }),
    },
  ];
}

async function putAll(
  server: S3Server,
  { path, payload, parallel }: { path: string; payload: Payload; parallel: number },
): Promise<void> {
  const until = { seconds: 1200, requests: parallel };
  const pathOf = (worker: number) => (parallel === 1 ? path : `${path}-${worker}`);
  await runLoad(server, { method: "PUT", path: pathOf, payload, parallel, until });
}

async function getAll(
  server: S3Server,
  { payload, parallel }: { payload: Payload; parallel: number },
): Promise<void> {
  const until = { seconds: 1200, requests: parallel };
  await runLoad(server, { method: "GET", path: () => KEPT, payload, parallel, until });
}

/** A payload that is one piece over and over. */
function repeated(piece: Buffer, times: number): Payload {
  const sha256 = createHash("sha256");
  for (let n = 0; n < times; n++) sha256.update(piece);
  return {
    bytes: piece.length * times,
    sha256: sha256.digest("hex"),
    async *body() {
      for (let n = 0; n < times; n++) yield piece;
    },
  };
}

function say([scenario = "", ...columns]: readonly string[]): void {
  const cells = columns.map((text) => text.padStart(10)).join("");
  process.stdout.write(`${scenario.padEnd(36)}${cells}\n`);
}
