/** What each kind of job does in a bucket. */
import type { BucketProgress, Job } from "@s3eg/shared/contracts/jobs.ts";
import { rewrapBucket } from "../rewrap/configured-rewrap.ts";
import type { PendingTags } from "../rewrap/pending-tags.ts";
import type { JobPage } from "./bucket-walk.ts";
import { replaceInBucket } from "./configured-in-place.ts";
import { verifyBucket } from "./configured-verify.ts";
import type { JobParts } from "./job-parts.ts";

/** Objects of a page: what is lost of the progress at most, and how soon a pause holds. */
const PAGE_SIZE = 100;

/** The pages of a job in one bucket, behind those that are done. `pendingTags`: of a bucket. */
export function jobPages(
  parts: JobParts,
  { wish }: Job,
  {
    bucket,
    after,
    pendingTags,
  }: Pick<BucketProgress, "bucket" | "after"> & {
    readonly pendingTags: (bucket: string) => PendingTags;
  },
): AsyncGenerator<JobPage> {
  const on = { ...wish, bucket, after, pageSize: PAGE_SIZE };
  switch (wish.kind) {
    case "rewrap":
      return rewrapBucket(parts, { ...on, pendingTags: pendingTags(bucket) });
    case "verify":
      return verifyBucket(parts, on);
    case "seal-existing":
    case "unseal":
      return replaceInBucket(parts, { ...on, job: wish.kind });
  }
}
