/** The re-wrap job: every object of a bucket under the key version that writes now, at a limited pace, from where it was interrupted. */
import { Fault } from "@s3eg/shared/faults.ts";
import { wishOf } from "../auth/policy.ts";
import { type BucketWalk, type JobPage, walkBucket } from "../jobs/bucket-walk.ts";
import { type JobParts, jobRequest, jobRooms } from "../jobs/job-parts.ts";
import { type CopyConditions, NO_CONDITIONS, probeCopies } from "./copy-conditions.ts";
import { CurrentKey } from "./current-key.ts";
import { finishTags, type PendingTags } from "./pending-tags.ts";
import { type RewrapOutcome, type RewrapWays, rewrapObject } from "./rewrap-object.ts";

/** What is to be done. */
export interface RewrapWish extends BucketWalk {
  readonly isDry: boolean;
  readonly upgrades: boolean;
  readonly isForAll: boolean;
  readonly removesSuperseded: boolean;
  /** Nobody writes meanwhile, as the operator says: a backend need not honour conditions on what a copy overwrites. */
  readonly hasNoWriters: boolean;
  /** Of this bucket. */
  readonly pendingTags: PendingTags;
}

/** A page of objects, and the key version that they are to be under. */
export interface RewrapPage extends JobPage<RewrapOutcome> {
  /** Name of the key version that writes, which what is re-wrapped or current is under; absent where it was not seen. */
  readonly writes?: string;
}

/**
 * Goes through a bucket. What a page tells is done for good: whoever keeps its marker goes on behind it. Throws `input.invalid`
 * where the backend ignores the conditions without which a write could be lost, and outages; no object is left half done.
 */
export async function* rewrapBucket(parts: JobParts, wish: RewrapWish): AsyncGenerator<RewrapPage> {
  const { bucket, isDry } = wish;
  const asked = { isPutAsked: wish.upgrades, knownPuts: parts.knownPuts };
  const conditions = isDry ? NO_CONDITIONS : await probeCopies(parts.backend, bucket, asked);
  if (!isDry) refuseUnsafe(conditions, wish);
  const rooms = jobRooms(parts);
  const current = new CurrentKey(rooms.headers, wishOf(parts.policies.of(bucket)), Date.now);
  const ways: RewrapWays = { ...wish, rooms, current, conditions };
  if (!isDry) {
    const requestOf = (key: string) => jobRequest(parts, { name: "rewrap", bucket, key });
    await finishTags(wish.pendingTags, { rooms, requestOf });
  }
  const pages = walkBucket(parts, wish, async (object) => {
    return await rewrapObject(jobRequest(parts, { name: "rewrap", bucket, ...object }), ways);
  });
  for await (const page of pages) {
    const { name } = current;
    yield { ...page, ...(name === undefined ? {} : { writes: name }) };
  }
}

function refuseUnsafe({ source, target, completion, put }: CopyConditions, wish: RewrapWish): void {
  if (!source) {
    throw new Fault(
      "input.invalid",
      "the backend ignores x-amz-copy-source-if-match: nothing is re-wrapped in place there",
    );
  }
  const isSafe = target && completion && (put || !wish.upgrades);
  if (isSafe || wish.hasNoWriters) return;
  throw new Fault(
    "input.invalid",
    "the backend ignores If-Match on what a copy overwrites: a write at the same moment could be lost. Stop the writers and say so with --no-writers",
  );
}
