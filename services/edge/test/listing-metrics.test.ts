import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { listingMetrics } from "../src/listing-metrics.ts";

describe("the metrics of listings", () => {
  for (const hasBucketLabel of [true, false]) {
    it(`count hits, misses and heads ${hasBucketLabel ? "by bucket" : "of all buckets"}`, async () => {
      const metrics = createMetrics();
      const measured = listingMetrics(metrics, { hasBucketLabel });
      measured.lookedUp("photos", true);
      measured.lookedUp("photos", false);
      measured.asked("photos", "gone");
      const bucket = hasBucketLabel ? "photos" : "*";
      const lines = (await metrics.text()).split("\n");
      for (const line of [
        `list_size_cache_hits_total{bucket="${bucket}"} 1`,
        `list_size_cache_misses_total{bucket="${bucket}"} 1`,
        `list_size_fallback_head_total{bucket="${bucket}",result="gone"} 1`,
      ]) {
        assert.ok(lines.includes(line), line);
      }
    });
  }
});
