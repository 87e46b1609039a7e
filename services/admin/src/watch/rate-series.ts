/** Rates of the last quarter of an hour, made from what processes say of their work: a ring of a fixed size, whatever the load. */
import type { ProcessAlive, RoleWork } from "@s3eg/shared/contracts/status.ts";
import { addedDurations, quantile } from "./durations.ts";
import type { SeenProcess } from "./process-table.ts";

/** Milliseconds between two points. */
export const STEP_MS = 5000;
const MAX_POINTS = (15 * 60_000) / STEP_MS;

/** What a role did at one point: per second, and seconds. Quantiles are null where nothing ended. */
export interface RolePoint {
  readonly requests: number;
  readonly refusals: number;
  readonly errors: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** One point in time. A role of which nobody told is not in it. */
export interface RatePoint {
  readonly atMs: number;
  readonly inFlight: number;
  readonly memoryBytes: number;
  readonly roles: ReadonlyMap<string, RolePoint>;
}

/** Takes a look at every process each step and keeps what changed since the one before. */
export class RateSeries {
  #points: RatePoint[] = [];
  /** What every process had said when the last point was made. */
  #former = new Map<string, ProcessAlive>();

  /** Oldest first. */
  get points(): readonly RatePoint[] {
    return this.#points;
  }

  /** Makes the next point. Rates go by the announcers' clocks, so they do not depend on when a fact arrived. */
  sample(processes: readonly SeenProcess[], atMs: number): void {
    const facts = processes
      .filter(({ condition }) => condition !== "stopped" && condition !== "silent")
      .map(({ state }) => state);
    const work = new Map<string, Gained[]>();
    for (const fact of facts) {
      for (const gained of gainedSince(this.#former.get(fact.id), fact)) {
        work.set(gained.role, [...(work.get(gained.role) ?? []), gained]);
      }
    }
    this.#former = new Map(facts.map((fact) => [fact.id, fact]));
    const point = {
      atMs,
      inFlight: facts.reduce((sum, { inFlight }) => sum + inFlight, 0),
      memoryBytes: facts.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
      roles: new Map([...work].map(([role, gained]) => [role, pointOf(gained)])),
    };
    this.#points = [...this.#points, point].slice(-MAX_POINTS);
  }
}

interface Gained {
  readonly role: string;
  readonly before: RoleWork | undefined;
  readonly after: RoleWork;
  readonly seconds: number;
}

/** A role that had done nothing yet is not told of, so all it did is new. */
function gainedSince(former: ProcessAlive | undefined, latest: ProcessAlive): Gained[] {
  if (!former || latest.announcedAtMs <= former.announcedAtMs) return [];
  const seconds = (latest.announcedAtMs - former.announcedAtMs) / 1000;
  return latest.work.map((after) => {
    const before = former.work.find(({ role }) => role === after.role);
    return { role: after.role, before, after, seconds };
  });
}

function pointOf(all: readonly Gained[]): RolePoint {
  const perSecond = (name: "requests" | "refusals" | "errors" | "bytesIn" | "bytesOut") =>
    all.reduce((sum, { before, after, seconds }) => {
      return sum + Math.max(0, after[name] - (before?.[name] ?? 0)) / seconds;
    }, 0);
  const durations = addedDurations(all);
  return {
    requests: perSecond("requests"),
    refusals: perSecond("refusals"),
    errors: perSecond("errors"),
    bytesIn: perSecond("bytesIn"),
    bytesOut: perSecond("bytesOut"),
    p50: quantile(durations, 0.5),
    p95: quantile(durations, 0.95),
    p99: quantile(durations, 0.99),
  };
}
