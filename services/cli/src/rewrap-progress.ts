/** How far a re-wrap of a bucket came: kept in DATA_DIR after every page, so that an interrupted run goes on and forgets nothing it found. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "@s3eg/shared/faults.ts";
import { z } from "zod";
import type { RewrapPage } from "../../edge/src/rewrap/configured-rewrap.ts";

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
  /** Storage classes that are paid for a minimum time, by objects written in them. */
  minimumTimeClasses: z.record(z.string(), z.int().nonnegative()),
});
/** What a run came to. */
export type Progress = z.infer<typeof Progress>;

/** The beginning. */
export const NO_PROGRESS: Progress = { counts: {}, reasons: {}, needs: {}, minimumTimeClasses: {} };

/** Keeps the progress of one job in a file. */
export class KeptProgress {
  readonly #path: string;

  /** `job`: everything that makes it another one. */
  constructor(dataDir: string, job: readonly unknown[]) {
    const name = createHash("sha256").update(JSON.stringify(job)).digest("hex").slice(0, 24);
    this.#path = join(dataDir, "rewrap", `${name}.json`);
  }

  /** What an interrupted run left; undefined where there was none. `input.invalid` for a damaged file. */
  read(): Progress | undefined {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw error;
    }
    try {
      return Progress.parse(JSON.parse(text));
    } catch (cause) {
      throw new Fault("input.invalid", `${this.#path} is damaged: --restart begins anew`, {
        cause,
      });
    }
  }

  write(progress: Progress): void {
    mkdirSync(join(this.#path, ".."), { recursive: true, mode: 0o700 });
    writeFileSync(`${this.#path}.draft`, `${JSON.stringify(progress)}\n`, { mode: 0o600 });
    renameSync(`${this.#path}.draft`, this.#path);
  }

  /** Forgets a job that came to its end. */
  remove(): void {
    rmSync(this.#path, { force: true });
  }
}

/** The progress after another page. */
export function withPage(before: Progress, { outcomes, marker }: RewrapPage): Progress {
  const { key, versionId } = marker;
  const after = versionId === undefined ? { key } : { key, versionId };
  const counts = { ...before.counts };
  const reasons = { ...before.reasons };
  const needed = { ...before.needs };
  const classes = { ...before.minimumTimeClasses };
  const add = (table: Record<string, number>, name: string) => {
    table[name] = (table[name] ?? 0) + 1;
  };
  for (const { result, reason, needs, minimumTimeClass } of outcomes) {
    add(counts, result);
    if (reason !== undefined) add(reasons, `${result}: ${reason}`);
    if (needs !== undefined) add(needed, needs);
    if (minimumTimeClass !== undefined) add(classes, minimumTimeClass);
  }
  return { ...before, after, counts, reasons, needs: needed, minimumTimeClasses: classes };
}
