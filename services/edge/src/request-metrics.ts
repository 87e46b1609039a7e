/** What edge measures of every request, under the names that dashboards of this gateway know. */
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { bucketLabel } from "./bucket-label.ts";

/** A request that has ended. */
export interface EndedRequest {
  readonly operation: string;
  /** As the request names it; absent where it names none. */
  readonly bucket?: string;
  readonly method: string;
  readonly status: number;
  readonly errorCode?: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly seconds: number;
}

/** Records ended requests. Bucket names are a label only where `hasBucketLabel` says so. */
export function requestMetrics(
  metrics: Metrics,
  { hasBucketLabel = false }: { hasBucketLabel?: boolean } = {},
): (ended: EndedRequest) => void {
  const labelOf = bucketLabel(hasBucketLabel);
  const requestsByBucket = metrics.counter({
    name: "s3_client_requests_total",
    help: "S3 requests that were answered.",
    labels: ["operation", "bucket", "status_code"],
  });
  const requests = metrics.counter({
    name: "http_requests_total",
    help: "HTTP requests on the S3 port.",
    labels: ["method", "path", "status"],
  });
  const httpBytes = metrics.counter({
    name: "http_request_bytes_total",
    help: "Bytes of bodies on the S3 port, of requests and answers together.",
    labels: ["method", "path"],
  });
  const durations = metrics.histogram({
    name: "http_request_duration_seconds",
    help: "Seconds from a request's head to the end of its answer.",
    labels: ["method", "path", "status"],
  });
  const operations = metrics.counter({
    name: "s3_operations_total",
    help: "S3 operations that succeeded.",
    labels: ["operation", "bucket"],
  });
  const operationDurations = metrics.histogram({
    name: "s3_operation_duration_seconds",
    help: "Seconds per S3 operation.",
    labels: ["operation", "bucket"],
  });
  const errors = metrics.counter({
    name: "s3_operation_errors_total",
    help: "S3 operations that were answered with an error.",
    labels: ["operation", "bucket", "error_type"],
  });
  const bytes = metrics.counter({
    name: "s3_client_bytes_total",
    help: "Bytes of object and XML bodies, from and to clients.",
    labels: ["bucket", "direction"],
  });
  return (ended) => {
    const { operation, method, status, errorCode, bytesIn, bytesOut, seconds } = ended;
    const http = { method, path: "*", status: String(status) };
    // A bucket is known to be there once something in it succeeded.
    const bucket = labelOf(ended.bucket, errorCode === undefined);
    const labels = { operation, bucket };
    requests.add(http);
    httpBytes.add({ method, path: "*" }, bytesIn + bytesOut);
    requestsByBucket.add({ ...labels, status_code: String(status) });
    durations.observe(http, seconds);
    operationDurations.observe(labels, seconds);
    if (errorCode === undefined) operations.add(labels);
    else errors.add({ ...labels, error_type: errorCode });
    bytes.add({ bucket, direction: "in" }, bytesIn);
    bytes.add({ bucket, direction: "out" }, bytesOut);
  };
}
