/** What is counted of the look-ups that listings need, under the names that dashboards of this gateway know. */
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { bucketLabel } from "./bucket-label.ts";

/** Counts the sizes of listed objects that arithmetic does not tell. */
export interface ListingMetrics {
  /** The index was asked for a size. */
  lookedUp(bucket: string, isHit: boolean): void;
  /** The backend was asked for an object's head, because the index did not know. */
  asked(bucket: string, result: "success" | "gone" | "failed"): void;
}

/** Makes the metrics. Bucket names are a label only where `hasBucketLabel` says so. */
export function listingMetrics(
  metrics: Metrics,
  { hasBucketLabel = false }: { hasBucketLabel?: boolean } = {},
): ListingMetrics {
  const labelOf = bucketLabel(hasBucketLabel);
  const hits = metrics.counter({
    name: "list_size_cache_hits_total",
    help: "Sizes of listed objects that the index had.",
    labels: ["bucket"],
  });
  const misses = metrics.counter({
    name: "list_size_cache_misses_total",
    help: "Sizes of listed objects that the index had not.",
    labels: ["bucket"],
  });
  const heads = metrics.counter({
    name: "list_size_fallback_head_total",
    help: "Heads of listed objects asked of the backend for their size; result success, gone (replaced or deleted meanwhile) or failed.",
    labels: ["bucket", "result"],
  });
  return {
    lookedUp: (bucket, isHit) => (isHit ? hits : misses).add({ bucket: labelOf(bucket, true) }),
    asked: (bucket, result) => heads.add({ bucket: labelOf(bucket, true), result }),
  };
}
