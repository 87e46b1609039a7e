import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { uploadMetrics } from "../../src/multipart/upload-metrics.ts";
import type { UploadRecord } from "../../src/multipart-state/multipart-state.ts";
import { sealingMetrics } from "../../src/sealing-metrics.ts";

const SEALED = { isSealed: true } as UploadRecord;
const PLAIN = { isSealed: false } as UploadRecord;

describe("the metrics of uploads", () => {
  it("count parts, Completes and manifests of sealed uploads, by how they ended", async () => {
    const metrics = createMetrics();
    const measured = uploadMetrics(metrics, sealingMetrics(metrics));
    for (const upload of [SEALED, PLAIN]) {
      assert.equal(await measured.part(upload, 5, async () => 7), 7);
      await assert.rejects(
        measured.part(upload, 5, () => Promise.reject(new Error("no"))),
        /no/,
      );
      measured.completed(upload, "success");
      measured.completed(upload, "failed");
    }
    measured.stored({ bytes: 2000, location: "inline", manifestBytes: 300 });
    measured.completed(undefined, "failed");
    const lines = (await metrics.text()).split("\n");
    for (const line of [
      'gateway_mpu_parts_total{result="success"} 1',
      'gateway_mpu_parts_total{result="failed"} 1',
      'gateway_mpu_encrypted_total{result="success"} 1',
      'gateway_mpu_encrypted_total{result="failed"} 1',
      'gateway_mpu_manifest_storage_total{location="inline"} 1',
      "gateway_mpu_manifest_bytes_sum 300",
      "gateway_encrypted_object_bytes_sum 2000",
      'encryption_bytes_total{operation="encrypt"} 5',
      'encryption_errors_total{operation="encrypt",error_type="internal.bug"} 1',
    ]) {
      assert.ok(lines.includes(line), line);
    }
  });
});
