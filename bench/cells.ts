/** What is measured, and the marks to stay under. */
import { randomBytes } from "node:crypto";
import { cpuSeconds, memoryPeakBytes } from "../e2e/servers/proc.ts";
import type { S3Server } from "../e2e/servers/s3-server.ts";
import { type Done, type Load, type Payload, runLoad, wholePayload } from "./load.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** One row of the table: a kind of request at a certain size and parallelism. */
export interface Cell {
  readonly name: string;
  readonly method: "PUT" | "GET";
  readonly bytes: number;
  readonly parallel: number;
  /** Requests of one round at most; small cells are bounded by time instead. */
  readonly requests: number;
  /** Most CPU of the gateway, as a multiple of the pass-through's in the same round. */
  readonly maxCpuRatio: number;
}

/** The cells of `npm run bench`. */
export const CELLS: readonly Cell[] = [
  cell("PUT", { bytes: 4 * KIB, parallel: 16, maxCpuRatio: 4 }),
  cell("GET", { bytes: 4 * KIB, parallel: 16, maxCpuRatio: 4 }),
  cell("PUT", { bytes: 64 * MIB, parallel: 4, maxCpuRatio: 2.2 }),
  cell("GET", { bytes: 64 * MIB, parallel: 4, maxCpuRatio: 1 }),
];

/** What one round of a cell cost on one target. */
export interface Measured {
  readonly done: Done;
  /** User and system seconds of the target's processes. */
  readonly cpuSeconds: number;
  /** Most memory that the target's processes held since they were started. */
  readonly peakBytes: number;
}

/** Runs one round of a cell on one target. Objects to GET must have been put before by `seed`. */
export async function measure(
  server: S3Server,
  cellToRun: Cell,
  seconds: number,
): Promise<Measured> {
  const before = await sumOf(server, cpuSeconds);
  const done = await runLoad(server, loadOf(server, cellToRun, seconds));
  const after = await sumOf(server, cpuSeconds);
  return { done, cpuSeconds: after - before, peakBytes: await sumOf(server, memoryPeakBytes) };
}

/** Puts through a target the objects that it is asked for later, and warms it up. */
export async function seed(server: S3Server, cellToRun: Cell): Promise<void> {
  const { parallel } = cellToRun;
  const load = loadOf(server, { ...cellToRun, method: "PUT", requests: parallel }, 60);
  await runLoad(server, { ...load, path: keptPath(server, cellToRun) });
}

/** CPU per unit of work: seconds per GiB for large bodies, per 1000 requests for small ones. */
export function cpuPerUnit({ done, cpuSeconds: seconds }: Measured, { bytes }: Cell): number {
  return bytes >= MIB ? seconds / (done.bytes / GIB) : (seconds / done.requests) * 1000;
}

/** The one in the middle, or the mean of the two that are. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

function loadOf(
  server: S3Server,
  { method, bytes, parallel, requests }: Cell,
  seconds: number,
): Load {
  const payload = payloadOf(bytes);
  const path =
    method === "GET" ? keptPath(server, { bytes }) : (worker: number) => `/sink/${bytes}-${worker}`;
  return { method, path, payload, parallel, until: { seconds, requests } };
}

/** Every target its own objects: the gateway's are sealed. */
function keptPath({ name }: S3Server, { bytes }: Pick<Cell, "bytes">): (worker: number) => string {
  return (worker) => `/keep/${name.replaceAll(" ", "-")}/${bytes}-${worker}`;
}

const payloads = new Map<number, Payload>();

function payloadOf(bytes: number): Payload {
  const known = payloads.get(bytes) ?? wholePayload(randomBytes(bytes));
  payloads.set(bytes, known);
  return known;
}

async function sumOf(
  { pids }: S3Server,
  figure: (pid: number) => Promise<number>,
): Promise<number> {
  const figures = await Promise.all(pids.map(figure));
  return figures.reduce((total, some) => total + some, 0);
}

function cell(
  method: "PUT" | "GET",
  { bytes, parallel, maxCpuRatio }: Pick<Cell, "bytes" | "parallel" | "maxCpuRatio">,
): Cell {
  const isLarge = bytes >= MIB;
  const size = isLarge ? `${bytes / MIB} MiB` : `${bytes / KIB} KiB`;
  const requests = isLarge ? Math.ceil(GIB / bytes) : Number.POSITIVE_INFINITY;
  return { name: `${method} ${size} ×${parallel}`, method, bytes, parallel, requests, maxCpuRatio };
}
