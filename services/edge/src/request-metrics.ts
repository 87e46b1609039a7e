/** What edge measures of every request, under the names that dashboards of this gateway know. */
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";

/** A request that has ended. */
export interface EndedRequest {
  readonly operation: string;
  readonly method: string;
  readonly status: number;
  readonly errorCode?: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly seconds: number;
}

/** Records ended requests. Bucket names are no label: their number is the users' to choose. */
export function requestMetrics(metrics: Metrics): (ended: EndedRequest) => void {
  const requests = metrics.counter({
    name: "http_requests_total",
    help: "HTTP requests on the S3 port.",
    labels: ["method", "path", "status"],
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
  return ({ operation, method, status, errorCode, bytesIn, bytesOut, seconds }) => {
    const http = { method, path: "*", status: String(status) };
    const labels = { operation, bucket: "*" };
    requests.add(http);
    durations.observe(http, seconds);
    operationDurations.observe(labels, seconds);
    if (errorCode === undefined) operations.add(labels);
    else errors.add({ ...labels, error_type: errorCode });
    bytes.add({ bucket: "*", direction: "in" }, bytesIn);
    bytes.add({ bucket: "*", direction: "out" }, bytesOut);
  };
}
