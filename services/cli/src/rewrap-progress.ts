/** How far a re-wrap of a bucket came: kept in DATA_DIR after every page, so that an interrupted run goes on and forgets nothing it found. */
import { rmSync } from "node:fs";
import { z } from "zod";
import type { JobPage } from "../../edge/src/jobs/bucket-walk.ts";
import type { JobOutcome } from "../../edge/src/jobs/job-parts.ts";
import type { RewrapPage } from "../../edge/src/rewrap/configured-rewrap.ts";
import type { RewrapOutcome } from "../../edge/src/rewrap/rewrap-object.ts";
import { keptPath, readKept, writeKept } from "./kept-json.ts";

const Marker = z.strictObject({ key: z.string(), versionId: z.string().optional() });
const Progress = z.strictObject({
  after: Marker.optional(),
  /** When the run began that others went on with. */
  startedAt: z.iso.datetime().optional(),
  /** Objects by what became of them. */
  counts: z.record(z.string(), z.int().nonnegative()),
  /** Objects by why they were left as they are, or what is left of them. */
  reasons: z.record(z.string(), z.int().nonnegative()),
  /** Objects by the key version that they still need; `?`: it could not be seen. */
  needs: z.record(z.string(), z.int().nonnegative()).default({}),
  /** Objects by the key version that writes, which they are under now. */
  settled: z.record(z.string(), z.int().nonnegative()).default({}),
  /** Storage classes that are paid for a minimum time, by objects written in them. */
  minimumTimeClasses: z.record(z.string(), z.int().nonnegative()),
});
/** What a run came to. */
export type Progress = z.infer<typeof Progress>;

/** The beginning. */
export const NO_PROGRESS: Progress = {
  counts: {},
  reasons: {},
  needs: {},
  settled: {},
  minimumTimeClasses: {},
};

/** What is under the version that writes when it is done. */
const SETTLED = new Set(["current", "rewrapped", "upgraded"]);

/** Keeps the progress of one job in a file. */
export class KeptProgress {
  readonly #path: string;

  /** `job`: everything that makes it another one. */
  constructor(dataDir: string, job: readonly unknown[]) {
    this.#path = keptPath(dataDir, job, ".json");
  }

  /** What an interrupted run left; undefined where there was none. `input.invalid` for a damaged file. */
  read(): Progress | undefined {
    return readKept(this.#path, Progress, "--restart begins anew");
  }

  write(progress: Progress): void {
    writeKept(this.#path, progress);
  }

  /** Forgets a job that came to its end. */
  remove(): void {
    rmSync(this.#path, { force: true });
  }
}

/** A page of any job; what only a re-wrap tells may be there. */
interface Page extends Pick<JobPage, "marker">, Partial<Pick<RewrapPage, "writes">> {
  readonly outcomes: readonly (JobOutcome & Pick<RewrapOutcome, "needs" | "minimumTimeClass">)[];
}

/** The progress after another page. */
export function withPage(before: Progress, { outcomes, marker, writes }: Page): Progress {
  const { key, versionId } = marker;
  const after = versionId === undefined ? { key } : { key, versionId };
  const counts = { ...before.counts };
  const reasons = { ...before.reasons };
  const needed = { ...before.needs };
  const settled = { ...before.settled };
  const classes = { ...before.minimumTimeClasses };
  const add = (table: Record<string, number>, name: string) => {
    table[name] = (table[name] ?? 0) + 1;
  };
  for (const { result, reason, needs, minimumTimeClass } of outcomes) {
    add(counts, result);
    if (reason !== undefined) add(reasons, `${result}: ${reason}`);
    if (needs !== undefined) add(needed, needs);
    if (writes !== undefined && SETTLED.has(result)) add(settled, writes);
    if (minimumTimeClass !== undefined) add(classes, minimumTimeClass);
  }
  return { ...before, after, counts, reasons, needs: needed, settled, minimumTimeClasses: classes };
}
