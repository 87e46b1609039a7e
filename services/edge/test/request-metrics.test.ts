import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { requestMetrics } from "../src/request-metrics.ts";

describe("requestMetrics", () => {
  it("counts requests, operations, errors, bytes and seconds under the names dashboards know", async () => {
    const metrics = createMetrics();
    const measure = requestMetrics(metrics);
    const ended = { operation: "PutObject", method: "PUT", bytesIn: 5, bytesOut: 0, seconds: 0.2 };
    measure({ ...ended, status: 200 });
    measure({ ...ended, status: 503, errorCode: "SlowDown", bytesOut: 7 });
    const lines = new Set((await metrics.text()).split("\n"));
    for (const line of [
      'http_requests_total{method="PUT",path="*",status="200"} 1',
      'http_requests_total{method="PUT",path="*",status="503"} 1',
      's3_operations_total{operation="PutObject",bucket="*"} 1',
      's3_operation_errors_total{operation="PutObject",bucket="*",error_type="SlowDown"} 1',
      's3_operation_duration_seconds_count{operation="PutObject",bucket="*"} 2',
      'http_request_duration_seconds_count{method="PUT",path="*",status="200"} 1',
      's3_client_bytes_total{bucket="*",direction="in"} 10',
      's3_client_bytes_total{bucket="*",direction="out"} 7',
    ]) {
      assert.ok(lines.has(line), line);
    }
  });
});
