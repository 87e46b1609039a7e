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
      'http_request_bytes_total{method="PUT",path="*"} 17',
      's3_client_requests_total{operation="PutObject",bucket="*",status_code="503"} 1',
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

  it("tell buckets apart where that is wanted, and only those where something succeeded", async () => {
    const metrics = createMetrics();
    const measure = requestMetrics(metrics, { hasBucketLabel: true });
    const ended = { operation: "PutObject", method: "PUT", bytesIn: 5, bytesOut: 0, seconds: 0.2 };
    measure({ ...ended, status: 404, bucket: "made-up", errorCode: "NoSuchBucket" });
    measure({ ...ended, status: 200, bucket: "photos" });
    measure({ ...ended, status: 503, bucket: "photos", errorCode: "SlowDown" });
    measure({ ...ended, operation: "ListBuckets", status: 200, bucket: "" });
    for (let n = 0; n < 1500; n += 1) measure({ ...ended, status: 200, bucket: `many-${n}` });
    const text = await metrics.text();
    const lines = new Set(text.split("\n"));
    for (const line of [
      's3_operations_total{operation="PutObject",bucket="photos"} 1',
      's3_operation_errors_total{operation="PutObject",bucket="photos",error_type="SlowDown"} 1',
      's3_operation_errors_total{operation="PutObject",bucket="*",error_type="NoSuchBucket"} 1',
      's3_client_requests_total{operation="PutObject",bucket="photos",status_code="200"} 1',
      's3_operation_duration_seconds_count{operation="PutObject",bucket="photos"} 2',
      's3_client_bytes_total{bucket="photos",direction="in"} 10',
      's3_operations_total{operation="ListBuckets",bucket="*"} 1',
      's3_operations_total{operation="PutObject",bucket="*"} 501',
    ]) {
      assert.ok(lines.has(line), line);
    }
    assert.doesNotMatch(text, /made-up/);
  });
});
