/**
 * The jobs there are, kept where all who run them find them: in a folder of this host, or in JetStream. What lies with a broker is believed
 * only if it is signed and not older than what was seen here, and what was seen is put back where it is gone.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { KeptValue } from "@s3eg/shared/bus/kept-value.ts";
import type { Job, JobStatus } from "@s3eg/shared/contracts/jobs.ts";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { replaceFile } from "@s3eg/shared/runtime/replace-file.ts";
import type { JobSeal, Jobs } from "./job-seal.ts";

/** Where jobs are kept. */
export interface KeptJobs {
  readonly value: KeptValue;
  readonly seal: JobSeal;
  /** File that remembers the newest that was seen; absent where nobody could give something older. */
  readonly memory?: string | undefined;
}

const ENDED: ReadonlySet<JobStatus> = new Set<JobStatus>(["done", "failed", "cancelled"]);
/** Jobs that are remembered; those that ended first are forgotten first. */
const MAX_JOBS = 64;
const TRIES = 10;
const NONE: Jobs = { number: 0, jobs: [] };

/** True for a job that will not go on. */
export function hasEnded({ status }: Pick<Job, "status">): boolean {
  return ENDED.has(status);
}

/** Reads and changes the list; changes of others at the same moment are not lost. */
export class JobList {
  readonly #kept: KeptJobs;

  constructor(kept: KeptJobs) {
    this.#kept = kept;
  }

  /** In the order they were begun. `bus.unavailable` where they can't be read; `config.invalid` where they were signed by nobody who may. */
  async read(): Promise<readonly Job[]> {
    return (await this.#look()).now.jobs;
  }

  async find(id: string): Promise<Job | undefined> {
    return (await this.read()).find((job) => job.id === id);
  }

  /**
   * Changes what `edit` gives other jobs for; undefined leaves all as it is. Gives the jobs as they are then. Throws what `edit` throws,
   * `backend.changed` if others change them all the time.
   */
  async change(
    edit: (jobs: readonly Job[]) => readonly Job[] | undefined,
  ): Promise<readonly Job[]> {
    for (let tries = 1; ; tries += 1) {
      const { now, kept } = await this.#look();
      const jobs = edit(now.jobs);
      if (!jobs) return now.jobs;
      const next = { number: now.number + 1, jobs: withoutOldest(jobs) };
      try {
        await this.#kept.value.write(this.#kept.seal.sign(next), kept);
        this.#remember(next);
        return next.jobs;
      } catch (error) {
        if (tries === TRIES || !isFault(error, "backend.changed")) throw error;
      }
      await sleep(Math.random() * 20 * tries);
    }
  }

  /** Changes one job; undefined where it is not there. `edit` gives undefined to leave it as it is. */
  async changeOne(id: string, edit: (job: Job) => Job | undefined): Promise<Job | undefined> {
    const jobs = await this.change((all) => {
      const found = all.find((job) => job.id === id);
      const changed = found && edit(found);
      return changed && all.map((job) => (job === found ? changed : job));
    });
    return jobs.find((job) => job.id === id);
  }

  async #look() {
    const { value, seal } = this.#kept;
    const kept = await value.read();
    const read = kept ? seal.open(kept.bytes) : NONE;
    const seen = this.#seen();
    if (read && read.number >= seen.number) {
      if (read.number > seen.number) this.#remember(read);
      return { now: read, kept };
    }
    if (!read && seen.number === 0) {
      throw new Fault(
        "config.invalid",
        "the jobs that are kept were written with another SERVICE_SECRET, or by somebody who has none",
      );
    }
    // It is gone, old or forged: what was seen last holds, and is put back with the next change.
    return { now: seen, kept };
  }

  #seen(): Jobs {
    const { memory, seal } = this.#kept;
    if (memory === undefined) return NONE;
    try {
      return seal.open(readFileSync(memory)) ?? NONE;
    } catch {
      return NONE;
    }
  }

  #remember(jobs: Jobs): void {
    const { memory, seal } = this.#kept;
    if (memory !== undefined) replaceFile(memory, seal.sign(jobs));
  }
}

function withoutOldest(jobs: readonly Job[]): Job[] {
  const surplus = jobs.length - MAX_JOBS;
  if (surplus <= 0) return [...jobs];
  const oldest = new Set(jobs.filter(hasEnded).slice(0, surplus));
  const left = jobs.filter((job) => !oldest.has(job));
  if (left.length <= MAX_JOBS) return left;
  throw new Fault("limit.busy", `there are ${MAX_JOBS} jobs that have not ended`);
}
