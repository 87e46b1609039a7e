/** The list of jobs where the settings say, for who runs them and for tools that begin and steer them beside. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { KeptValue } from "@s3eg/shared/bus/kept-value.ts";
import type { Job, JobAction, JobAnswer, JobWish } from "@s3eg/shared/contracts/jobs.ts";
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import { FileKeptValue } from "./file-kept-value.ts";
import { steerIn } from "./job-desk.ts";
import { newJob } from "./job-life.ts";
import { JobList } from "./job-list.ts";
import { JobSeal } from "./job-seal.ts";

/** Where jobs are shared with other processes over a broker. */
export interface SharedJobList {
  readonly value: KeptValue;
  /** A name of the place. */
  readonly name: string;
  /** SERVICE_SECRET. */
  readonly secret: Secret<Uint8Array>;
}

/** The jobs in a folder of this host, or those that are shared; then the folder remembers what was seen. */
export function openJobList(folder: string, shared: SharedJobList | undefined): JobList {
  if (!shared) {
    const value = new FileKeptValue(join(folder, "list"));
    return new JobList({ value, seal: new JobSeal(undefined, folder) });
  }
  const { value, name, secret } = shared;
  return new JobList({ value, seal: new JobSeal(secret, name), memory: join(folder, "seen.json") });
}

/** What a tool does with the list. Faults as of `JobList`. */
export interface JobBook {
  /** In the order they were begun. */
  read(): Promise<readonly Job[]>;
  /** Begins a job: whoever runs jobs finds it. */
  begin(wish: JobWish): Promise<Job>;
  steer(id: string, action: JobAction): Promise<JobAnswer>;
}

/** Opens the list for a tool. */
export function openJobBook(folder: string, shared: SharedJobList | undefined): JobBook {
  const list = openJobList(folder, shared);
  return {
    read: () => list.read(),
    async begin(wish) {
      const job = newJob({ id: randomUUID(), wish, by: "cli" });
      await list.change((all) => [...all, job]);
      return job;
    },
    steer: (id, action) => steerIn(list, id, action),
  };
}
