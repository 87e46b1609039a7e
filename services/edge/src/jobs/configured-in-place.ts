/** `seal-existing` and `unseal`: every object of a bucket sealed, or as it is, in its own place, at a limited pace, from where it was interrupted. */
import { Fault } from "@s3eg/shared/faults.ts";
import { type BucketPolicy, sealsObjects } from "../auth/policy.ts";
import { type CopyConditions, NO_CONDITIONS, probeCopies } from "../rewrap/copy-conditions.ts";
import { type BucketWalk, type JobPage, walkBucket } from "./bucket-walk.ts";
import { type JobParts, jobRequest, jobRooms } from "./job-parts.ts";
import { replaceObject } from "./replace-object.ts";
import { readingSmallFirst } from "./small-reads.ts";
import { SMALL_BYTES } from "./store-in-place.ts";

/** What is to be done. */
export interface InPlaceWish extends BucketWalk {
  readonly job: "seal-existing" | "unseal";
  /** Nothing is written. */
  readonly isDry: boolean;
  /** The version that the new one took the place of is deleted, where the bucket has versions. */
  readonly removesSuperseded: boolean;
  /** Nobody writes meanwhile, as the operator says: a backend need not honour conditions on what is overwritten. */
  readonly hasNoWriters: boolean;
}

/**
 * Goes through a bucket. What a page tells is done for good: whoever keeps its marker goes on behind it. Throws `input.invalid` where the
 * bucket's policy says otherwise or the backend ignores the conditions without which a write could be lost, and outages; no object is
 * left half done.
 */
export async function* replaceInBucket(
  parts: JobParts,
  wish: InPlaceWish,
): AsyncGenerator<JobPage> {
  const { backend, policies, knownPuts } = parts;
  const { job, bucket, isDry } = wish;
  const policy = policies.of(bucket);
  refuseAgainstPolicy(policy, wish);
  const honoured = isDry ? NO_CONDITIONS : await probeCopies(backend, bucket, { knownPuts });
  if (!isDry) refuseUnsafe(honoured, wish);
  const rooms = jobRooms(parts);
  const ways = {
    ...wish,
    honoured,
    rooms: { ...rooms, crypto: readingSmallFirst(rooms.crypto, SMALL_BYTES) },
  };
  const reading: BucketPolicy = { ...policy, contents: "mixed" };
  const writing: BucketPolicy =
    job === "unseal"
      ? { ...policy, contents: "pass-through" }
      : // What was put in one is sealed, also where it has to go in parts now.
        { ...policy, encryptsMultipart: true };
  yield* walkBucket(parts, wish, async (object) => {
    const named = { name: job, bucket, ...object };
    return await replaceObject(jobRequest(parts, named, { reading, writing }), ways);
  });
}

/** What the job makes must be what the policy lets be there: otherwise nobody could read it, or the next PUT would undo it. */
function refuseAgainstPolicy(policy: BucketPolicy, { job, bucket }: InPlaceWish): void {
  const where = `bucket ${JSON.stringify(bucket)}: policy ${JSON.stringify(policy.id)}`;
  if (job === "seal-existing" && !sealsObjects(policy)) {
    throw new Fault(
      "input.invalid",
      `${where} says \`contents: pass-through\`, nothing is sealed there`,
    );
  }
  if (job === "seal-existing") return;
  if (policy.requiresEncryption) {
    throw new Fault("input.invalid", `${where} requires encryption: nothing is unsealed there`);
  }
  if (policy.contents !== "mixed" && policy.contents !== "pass-through") {
    throw new Fault(
      "input.invalid",
      `${where} says \`contents: ${policy.contents}\`, under which nobody could read what is unsealed: let it say \`mixed\` or \`pass-through\` first`,
    );
  }
}

function refuseUnsafe({ put, completion }: CopyConditions, { hasNoWriters }: InPlaceWish): void {
  if ((put && completion) || hasNoWriters) return;
  throw new Fault(
    "input.invalid",
    "the backend does not hold to If-Match on what a PUT overwrites: a write at the same moment could be lost. Stop the writers and say so with --no-writers",
  );
}
