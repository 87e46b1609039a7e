/** The walk of a job through a bucket: page by page, a few objects at once, at a limited pace, from where a former run came to. */
import { setTimeout as sleep } from "node:timers/promises";
import { atMost } from "@s3eg/shared/runtime/at-most.ts";
import { type ListedVersion, listedVersions, type Marker } from "../rewrap/listed-versions.ts";
import type { JobOutcome, JobParts } from "./job-parts.ts";

/** Where a job is to go, and how fast. */
export interface BucketWalk {
  readonly bucket: string;
  readonly prefix: string;
  /** Behind which object to begin: where a former run came to. */
  readonly after?: Marker | undefined;
  /** Most objects of a page; absent: a thousand. */
  readonly pageSize?: number | undefined;
  /** Objects looked at per second. */
  readonly perSecond: number;
}

/** What became of a page of objects, and where the next one begins. */
export interface JobPage<Outcome extends JobOutcome = JobOutcome> {
  readonly outcomes: readonly (Outcome & ListedVersion)[];
  readonly marker: Marker;
}

/** Objects under way at once: the backend has other clients. */
const OBJECTS_AT_ONCE = 8;

/** Has `act` done with every object, former versions too. What a page tells is done. Throws what `act` and the backend's listing do. */
export async function* walkBucket<Outcome extends JobOutcome>(
  { backend, signal }: Pick<JobParts, "backend" | "signal">,
  walk: BucketWalk,
  act: (object: ListedVersion) => Promise<Outcome>,
): AsyncGenerator<JobPage<Outcome>> {
  const pace = paceOf(walk.perSecond, signal);
  for await (const { objects, marker } of listedVersions(backend, walk)) {
    const outcomes = await atMost(OBJECTS_AT_ONCE, objects, async (object) => {
      await pace();
      signal.throwIfAborted();
      return { ...object, ...(await act(object)) };
    });
    yield { outcomes, marker };
  }
}

/** Resolves when the next object is due. */
export function paceOf(perSecond: number, signal: AbortSignal): () => Promise<void> {
  let dueMs = Date.now();
  return async () => {
    const now = Date.now();
    dueMs = Math.max(dueMs, now) + 1000 / perSecond;
    const waitMs = dueMs - 1000 / perSecond - now;
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
  };
}
