/** What is counted of uploads, under the names that dashboards of this gateway know. */
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import type { UploadRecord } from "../multipart-state/multipart-state.ts";

/** Counts. An upload that is not sealed is none of theirs. */
export interface UploadMetrics {
  /** Counts how `storing` an attempt at a part ends; gives what it gives. */
  part<Result>(upload: UploadRecord, storing: () => Promise<Result>): Promise<Result>;
  /** Counts how a Complete ended. */
  completed(upload: UploadRecord | undefined, result: "success" | "failed"): void;
  /** Measures a manifest that was written, in bytes of its region. */
  manifest(upload: UploadRecord, location: "inline" | "fallback", bytes: number): void;
}

/** A manifest of one part, and of ten thousand with a checksum each. */
const MANIFEST_BUCKETS = [256, 512, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576];

/** Makes the metrics of uploads. */
export function uploadMetrics(metrics: Metrics): UploadMetrics {
  const parts = metrics.counter({
    name: "gateway_mpu_parts_total",
    help: "Attempts at parts of sealed uploads; result success or failed.",
    labels: ["result"],
  });
  const encrypted = metrics.counter({
    name: "gateway_mpu_encrypted_total",
    help: "Completes of sealed uploads; result success or failed.",
    labels: ["result"],
  });
  const manifestBytes = metrics.histogram({
    name: "gateway_mpu_manifest_bytes",
    help: "Bytes of the manifests of completed uploads, as they are stored.",
    buckets: MANIFEST_BUCKETS,
  });
  const manifests = metrics.counter({
    name: "gateway_mpu_manifest_storage_total",
    help: "Manifests written; location inline (in the object) or fallback (beside it).",
    labels: ["location"],
  });
  return {
    async part({ isSealed }, storing) {
      let result = "failed";
      try {
        const stored = await storing();
        result = "success";
        return stored;
      } finally {
        if (isSealed) parts.add({ result });
      }
    },
    completed(upload, result) {
      if (upload?.isSealed) encrypted.add({ result });
    },
    manifest({ isSealed }, location, bytes) {
      if (!isSealed) return;
      manifestBytes.observe({}, bytes);
      manifests.add({ location });
    },
  };
}
