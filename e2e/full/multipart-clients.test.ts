/**
 * Round trips in parts by six clients: sizes, part sizes, parts at once, backends and places of the state, every two values at least once.
 * Prints a table. E2E_CELLS (`3,7`) runs these cells alone.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { sdkClientOf } from "../clients/aws-sdk-js.ts";
import { allPairs, type Combination, pairsOf, pairwiseCover } from "../clients/matrix/pairwise.ts";
import { fileDigest, writePattern } from "../clients/matrix/samples.ts";
import { PARTS_CLIENTS, type PartsClient } from "../clients/parts-clients.ts";
import { startGateway } from "../gateway.ts";
import { valkeyEnv } from "../gateway-settings.ts";
import { startBackend } from "../servers/backends.ts";
import { makeScratch } from "../servers/place.ts";
import { type RedisServer, startRedis } from "../servers/redis.ts";
import type { S3Server } from "../servers/s3-server.ts";

const MIB = 1024 * 1024;
const PART_BYTES: Readonly<Record<string, number>> = {
  "5 MiB": 5 * MIB,
  "8 MiB": 8 * MIB,
  "16 MiB": 16 * MIB,
  "64 MiB": 64 * MIB,
  "7654321": 7_654_321,
};
const FACTORS = {
  backend: ["versitygw", "radosgw"],
  state: ["embedded", "Redis"],
  client: Object.keys(PARTS_CLIENTS),
  part: Object.keys(PART_BYTES),
  MiB: ["1", "8", "100", "500"],
  atOnce: ["1", "4", "16"],
} as const;
const MOST_CELLS = 40;
/** Ranges that a client which starts anew for each reads itself; the rest is read by the SDK. */
const SLOW_RANGES = 4;
const SLOW_CLIENT = "aws cli";
const BUCKET = "in-parts";

type Cell = Combination<typeof FACTORS>;

const cells = pairwiseCover(FACTORS);
const chosen = process.env.E2E_CELLS?.split(",").map(Number);
const rows: string[] = [
  row([
    "cell",
    "client",
    "MiB",
    "part",
    "at once",
    "backend",
    "state",
    "parts",
    "up s",
    "down s",
    "ranges",
    "SHA-256",
  ]),
];

describe("round trips in parts", () => {
  const suite = new AsyncDisposableStack();
  const files = new Map<string, { file: string; sha256: string }>();
  let folder: string;

  before(async () => {
    folder = suite.use(await makeScratch("parts")).folder;
    for (const [n, size] of FACTORS.MiB.entries()) {
      const file = join(folder, `${size}-MiB`);
      files.set(size, { file, sha256: await writePattern(file, Number(size) * MIB, n) });
    }
  });
  after(async () => {
    process.stdout.write(`\nround trips in parts\n${rows.join("\n")}\n\n`);
    await suite.disposeAsync();
  });

  it(`covers every pair of values in at most ${MOST_CELLS} cells`, () => {
    const covered = new Set(cells.flatMap(pairsOf));
    deepEqual(
      allPairs(FACTORS).filter((pair) => !covered.has(pair)),
      [],
    );
    ok(cells.length <= MOST_CELLS, `${cells.length} cells`);
  });

  for (const backendName of FACTORS.backend) {
    for (const state of FACTORS.state) {
      describe(`on ${backendName}, state ${state}`, () => {
        const servers = new AsyncDisposableStack();
        let server: S3Server;
        let s3: S3Client;

        before(async () => {
          const backend = servers.use(await startBackend(backendName));
          const env = state === "Redis" ? redisEnv(servers.use(await startRedis())) : {};
          server = servers.use(await startGateway({ backend, env }));
          s3 = sdkClientOf({ server, caFile: undefined });
          servers.defer(() => s3.destroy());
          await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
        });
        after(() => servers.disposeAsync());

        for (const [n, cell] of cells.entries()) {
          if (cell.backend !== backendName || cell.state !== state) continue;
          if (chosen?.includes(n) === false) continue;
          const { client, part, MiB, atOnce } = cell;
          it(`cell ${n}: ${client}, ${MiB} MiB, parts of ${part}, ${atOnce} at once`, async () => {
            const own = join(folder, `cell-${n}`);
            await mkdir(own);
            const sample = files.get(MiB) ?? { file: "", sha256: "" };
            await using opened = await openClient(client, { server, folder: own });
            await using sdk = await openClient("aws-sdk-js", { server, folder: own });
            rows.push(await roundTrip(n, cell, { client: opened, sdk, s3, sample, folder: own }));
            await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: keyOf(n) }));
            await rm(own, { recursive: true });
          });
        }
      });
    }
  }
});

/** The state lies outside the process, so it is sealed under a secret that outlives it. */
function redisEnv(redis: RedisServer): Record<string, string> {
  return { ...valkeyEnv(redis), KEYS_SECRET: randomBytes(32).toString("base64") };
}

interface Trip {
  readonly client: PartsClient;
  /** The SDK, to look and to read with where the client is too slow. */
  readonly sdk: PartsClient;
  readonly s3: S3Client;
  readonly sample: { readonly file: string; readonly sha256: string };
  readonly folder: string;
}

async function openClient(
  client: string,
  site: { server: S3Server; folder: string },
): Promise<PartsClient> {
  const start = PARTS_CLIENTS[client];
  if (start === undefined) throw new Error(`no client ${client}`);
  return await start({ ...site, bucket: BUCKET });
}

/** Up, down, and the ranges; returns the row of the table. */
async function roundTrip(
  n: number,
  cell: Cell,
  { client, sdk, s3, sample, folder }: Trip,
): Promise<string> {
  const key = keyOf(n);
  const partBytes = PART_BYTES[cell.part] ?? 0;
  const size = Number(cell.MiB) * MIB;
  const up = await secondsOf(() =>
    client.upload(sample.file, key, { partBytes, atOnce: Number(cell.atOnce) }),
  );
  const asked = { Bucket: BUCKET, Key: key };
  const { ContentLength } = await s3.send(new HeadObjectCommand(asked));
  equal(ContentLength, size, "size in HEAD");
  // minio-js begins with part 2.
  const PartNumber = cell.client === "minio-js" && size > partBytes ? 2 : 1;
  const first = await s3.send(new HeadObjectCommand({ ...asked, PartNumber }));
  // What fits into one part, most clients put whole; that has no number of parts.
  const parts = first.PartsCount ?? 0;
  if (size > partBytes)
    deepEqual([parts, first.ContentLength], [Math.ceil(size / partBytes), partBytes]);
  const file = join(folder, "down");
  const down = await secondsOf(() => client.download(key, file));
  equal(await fileDigest(file), sample.sha256, "SHA-256 of what came down");
  const ranges = rangesOf(size, partBytes);
  await checkRanges(ranges, { key, cell, client, sample: sample.file, sdk });
  const numbers = [String(parts), up.toFixed(1), down.toFixed(1), String(ranges.length)];
  const { client: name, MiB, part, atOnce, backend, state } = cell;
  const shownAtOnce = name === "minio-js" ? "1 always" : atOnce;
  return row([String(n), name, MiB, part, shownAtOnce, backend, state, ...numbers, "equal"]);
}

/** The last byte of every part, the first of the next, the second, and the three together. */
function rangesOf(size: number, partBytes: number): (readonly [number, number])[] {
  const ranges: [number, number][] = [
    [0, 0],
    [size - 1, size - 1],
  ];
  for (let at = partBytes; at < size; at += partBytes) {
    ranges.push([at - 1, at - 1], [at, at]);
    if (at + 1 < size) ranges.push([at + 1, at + 1], [at - 1, at + 1]);
  }
  return ranges;
}

interface RangeCheck {
  readonly key: string;
  readonly cell: Cell;
  readonly client: PartsClient;
  readonly sample: string;
  readonly sdk: PartsClient;
}

async function checkRanges(
  ranges: readonly (readonly [number, number])[],
  { key, cell, client, sample, sdk }: RangeCheck,
): Promise<void> {
  await using file = await open(sample);
  for (const [n, [first, last]] of ranges.entries()) {
    const reader = cell.client === SLOW_CLIENT && n >= SLOW_RANGES ? sdk : client;
    const wanted = Buffer.alloc(last - first + 1);
    await file.read(wanted, 0, wanted.length, first);
    equal(await reader.range(key, first, last), wanted.toString("hex"), `bytes ${first}-${last}`);
  }
}

async function secondsOf(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return (performance.now() - start) / 1000;
}

function keyOf(n: number): string {
  return `cell ${n}/größe`;
}

function row(values: readonly string[]): string {
  const widths = [4, 13, 4, 8, 8, 10, 9, 6, 7, 7, 7, 8];
  return values
    .map((value, at) => value.padEnd(widths[at] ?? 0))
    .join(" ")
    .trimEnd();
}
