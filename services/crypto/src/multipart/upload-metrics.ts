/** What is counted of uploads, under the names that dashboards of this gateway know. */
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import type { UploadRecord } from "../multipart-state/multipart-state.ts";
import type { SealingMetrics } from "../sealing-metrics.ts";

/** Counts. An upload that is not sealed is none of theirs. */
export interface UploadMetrics {
  /** Counts how `storing` an attempt at a part of so many bytes of plaintext ends; gives what it gives. */
  part<Result>(
    upload: UploadRecord,
    bytes: number,
    storing: () => Promise<Result>,
  ): Promise<Result>;
  /** Counts how a Complete ended. */
  completed(upload: UploadRecord | undefined, result: "success" | "failed"): void;
  /** Measures a sealed object that was made of parts, and its manifest. */
  stored(object: StoredInParts): void;
}

/** An object made of parts. */
interface StoredInParts {
  /** Bytes of plaintext. */
  readonly bytes: number;
  /** Where the manifest is: in the object, or beside it. */
  readonly location: "inline" | "fallback";
  /** Bytes of its region. */
  readonly manifestBytes: number;
}

/** A manifest of one part, and of ten thousand with a checksum each. */
const MANIFEST_BUCKETS = [256, 512, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576];

/** Makes the metrics of uploads; the bytes of parts count with those of all that is sealed. */
export function uploadMetrics(
  metrics: Metrics,
  sealing: Pick<SealingMetrics, "sealed" | "stored">,
): UploadMetrics {
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
    async part({ isSealed }, bytes, storing) {
      if (!isSealed) return await storing();
      let result = "failed";
      try {
        const stored = await sealing.sealed(bytes, storing);
        result = "success";
        return stored;
      } finally {
        parts.add({ result });
      }
    },
    completed(upload, result) {
      if (upload?.isSealed) encrypted.add({ result });
    },
    stored({ bytes, location, manifestBytes: region }) {
      sealing.stored(bytes);
      manifestBytes.observe({}, region);
      manifests.add({ location });
    },
  };
}
