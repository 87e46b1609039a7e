/** What is counted of parts that are copied, under the names that dashboards of this gateway know. */
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";

/** What the source is: sealed in one piece (chunked) or in parts (mpu), of the earlier format (legacy), or not sealed (plaintext). */
export type SourceMode = "chunked" | "mpu" | "legacy" | "plaintext";

/** A source that was opened, and the bytes of it to copy. */
interface CopiedSource {
  readonly mode: SourceMode;
  readonly bytes: number;
}

/** Counts how copying a part ends; gives what it gives. `copying` tells its source once it has one. */
export type PartCopyMetrics = <Result>(
  copying: (opened: (source: CopiedSource) => void) => Promise<Result>,
) => Promise<Result>;

/** Makes the metrics. */
export function partCopyMetrics(metrics: Metrics): PartCopyMetrics {
  const total = metrics.counter({
    name: "gateway_upload_part_copy_total",
    help: "Parts copied; source_mode chunked, mpu, legacy, plaintext, or unknown where none was opened; result success or failed.",
    labels: ["source_mode", "result"],
  });
  const bytesTotal = metrics.counter({
    name: "gateway_upload_part_copy_bytes_total",
    help: "Bytes of plaintext of the parts that were copied.",
    labels: ["source_mode"],
  });
  const seconds = metrics.histogram({
    name: "gateway_upload_part_copy_duration_seconds",
    help: "Seconds per part that was copied.",
    labels: ["source_mode"],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300],
  });
  const legacy = metrics.counter({
    name: "gateway_upload_part_copy_legacy_fallback_total",
    help: "Parts copied from objects of the earlier format.",
  });
  return async (copying) => {
    const startedMs = performance.now();
    let source: CopiedSource | undefined;
    let result = "failed";
    try {
      const answer = await copying((opened) => {
        source = opened;
      });
      result = "success";
      return answer;
    } finally {
      const { mode: source_mode = "unknown", bytes = 0 } = source ?? {};
      total.add({ source_mode, result });
      seconds.observe({ source_mode }, (performance.now() - startedMs) / 1000);
      if (result === "success") bytesTotal.add({ source_mode }, bytes);
      if (source_mode === "legacy") legacy.add({});
    }
  };
}
