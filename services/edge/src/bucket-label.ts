/** Bucket names as a label of metrics: only where the settings say so, because their number is the users' to choose. */

/** A bucket's label. `isThere`: the bucket is known to exist, so that names which clients make up get no label. */
export type BucketLabel = (bucket: string | undefined, isThere: boolean) => string;

/** Buckets that get a label of their own: each costs a series per operation. */
const MAX_BUCKET_LABELS = 1000;

/** The label of everything where `hasBucketLabel` is false, of what names no bucket, and of buckets beyond the first thousand. */
const ALL = "*";

/** Makes the labels. */
export function bucketLabel(hasBucketLabel: boolean): BucketLabel {
  if (!hasBucketLabel) return () => ALL;
  const known = new Set<string>();
  return (bucket, isThere) => {
    if (bucket === undefined || bucket === "") return ALL;
    if (isThere && known.size < MAX_BUCKET_LABELS) known.add(bucket);
    return known.has(bucket) ? bucket : ALL;
  };
}
