/** Jobs in memory, for tests of who keeps, runs and steers them. */
import type { Kept, KeptValue } from "@s3eg/shared/bus/kept-value.ts";
import { type Job, JobWish } from "@s3eg/shared/contracts/jobs.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { newJob } from "../../src/jobs/job-life.ts";
import { JobList } from "../../src/jobs/job-list.ts";
import { JobSeal } from "../../src/jobs/job-seal.ts";

/** An id that is a UUID, by number. */
export function idOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

/** A job on two buckets. */
export function aJob(number = 1, wish: Partial<JobWish> = {}): Job {
  const whole = JobWish.parse({ kind: "verify", buckets: ["one", "two"], ...wish });
  return newJob({ id: idOf(number), wish: whole, by: "test" });
}

/** A value in memory that can be put back to what it was. */
export class MemoryKeptValue implements KeptValue {
  kept: Kept | undefined;
  /** Called before every write. */
  onWrite: () => void = () => undefined;

  async read(): Promise<Kept | undefined> {
    return await Promise.resolve(this.kept);
  }

  async write(bytes: Uint8Array, over: Kept | undefined): Promise<Kept> {
    await Promise.resolve();
    this.onWrite();
    if (over?.revision !== this.kept?.revision) throw new Fault("backend.changed", "changed");
    this.kept = { bytes, revision: (this.kept?.revision ?? 0) + 1 };
    return this.kept;
  }

  watch(): AsyncDisposable {
    return { [Symbol.asyncDispose]: async () => await Promise.resolve() };
  }
}

/** A list with these jobs. */
export async function listWith(...jobs: readonly Job[]): Promise<JobList> {
  const list = new JobList({ value: new MemoryKeptValue(), seal: new JobSeal(undefined, "test") });
  await list.change(() => jobs);
  return list;
}
