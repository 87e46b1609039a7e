/** What is counted of sealing and opening, under the names that dashboards of this gateway know. */
import { codeOf } from "@s3eg/shared/faults.ts";
import type { DownloadAnswerer, UploadAnswerer } from "@s3eg/shared/http/transfer.ts";
import { watchedBody } from "@s3eg/shared/http/watched-body.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";

/** Counts. What is stored or read as it is, by policy, is none of theirs. */
export interface SealingMetrics {
  /** Counts how `sealing` so many bytes of plaintext ends; gives what it gives. */
  sealed<Result>(bytes: number, sealing: () => Promise<Result>): Promise<Result>;
  /** Measures a sealed object that was stored, in bytes of its plaintext. */
  stored(bytes: number): void;
  /** Counts the objects that are stored in one piece. */
  sealedObject<Head extends SealedHead, Tail, Result>(
    answerer: UploadAnswerer<Head, Tail, Result>,
  ): UploadAnswerer<Head, Tail, Result>;
  /** Counts openings from the question to the last byte: nothing is done per piece. */
  opened<Head, Result extends { readonly isSealed: boolean }>(
    answerer: DownloadAnswerer<Head, Result>,
  ): DownloadAnswerer<Head, Result>;
}

interface SealedHead {
  readonly size: number;
  readonly isSealed?: boolean | undefined;
}

const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const OBJECT_BYTES = [1024, 16_384, 65_536, 1_048_576, 8_388_608, 67_108_864, 1_073_741_824, 5e9];

/** Makes the metrics. */
export function sealingMetrics(metrics: Metrics): SealingMetrics {
  const { ended, failed } = operationMetrics(metrics);
  const objectBytes = metrics.histogram({
    name: "gateway_encrypted_object_bytes",
    help: "Bytes of plaintext of the sealed objects that were stored.",
    buckets: OBJECT_BYTES,
  });
  const sealed: SealingMetrics["sealed"] = async (bytes, sealing) => {
    const startedMs = performance.now();
    try {
      const result = await sealing();
      ended("encrypt", bytes, startedMs);
      return result;
    } catch (error) {
      failed("encrypt", error);
      throw error;
    }
  };
  const stored = (bytes: number): void => objectBytes.observe({}, bytes);
  return {
    sealed,
    stored,
    sealedObject: (answerer) => async (received, context) => {
      const { size, isSealed } = received.head;
      if (isSealed === false) return await answerer(received, context);
      const result = await sealed(size, () => answerer(received, context));
      stored(size);
      return result;
    },
    opened: (answerer) => async (head, context) => {
      const startedMs = performance.now();
      try {
        const answer = await answerer(head, context);
        if (!answer.result.isSealed) return answer;
        const { body, sizeBytes } = answer;
        const told = {
          onEnd: () => ended("decrypt", sizeBytes, startedMs),
          onError: (error: unknown) => failed("decrypt", error),
        };
        return { ...answer, body: watchedBody(body, told) };
      } catch (error) {
        failed("decrypt", error);
        throw error;
      }
    },
  };
}

type Operation = "encrypt" | "decrypt";

function operationMetrics(metrics: Metrics) {
  const operations = metrics.counter({
    name: "encryption_operations_total",
    help: "Bodies sealed and stored (encrypt), or opened to their last byte (decrypt).",
    labels: ["operation"],
  });
  const seconds = metrics.histogram({
    name: "encryption_duration_seconds",
    help: "Seconds per body sealed or opened, data key and backend included.",
    labels: ["operation"],
    buckets: SECONDS,
  });
  const bytes = metrics.counter({
    name: "encryption_bytes_total",
    help: "Bytes of plaintext of the bodies sealed and opened.",
    labels: ["operation"],
  });
  const errors = metrics.counter({
    name: "encryption_errors_total",
    help: "Bodies that were not sealed or opened to their end, by fault code.",
    labels: ["operation", "error_type"],
  });
  return {
    ended(operation: Operation, size: number, startedMs: number): void {
      operations.add({ operation });
      bytes.add({ operation }, size);
      seconds.observe({ operation }, (performance.now() - startedMs) / 1000);
    },
    failed: (operation: Operation, error: unknown) =>
      errors.add({ operation, error_type: codeOf(error) }),
  };
}
