import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { OperationDone } from "@s3eg/shared/contracts/audit.ts";
import {
  adminActionLine,
  incidentLine,
  jobLine,
  keyVersionEventId,
  keyVersionLine,
  recordLine,
  reloadLine,
} from "../src/record.ts";

const done: OperationDone = {
  timestamp: "2025-01-02T03:04:05.678Z",
  requestId: "r-1",
  operation: "PutObject",
  bucket: "photos",
  key: "a/b.jpg",
  versionId: "v7",
  accessKey: "AKIA",
  label: "app",
  clientIp: "10.0.0.7",
  userAgent: "aws-cli",
  status: 200,
  success: true,
  bytesIn: 12,
  bytesOut: 0,
  durationMs: 3.5,
};
const record = (fact: OperationDone, redacted: string[] = []) =>
  JSON.parse(recordLine(fact, redacted)) as Record<string, unknown>;

describe("recordLine", () => {
  it("writes one line with the field names collectors know, duration in milliseconds", () => {
    const line = recordLine(done);
    assert.equal(line.indexOf("\n"), line.length - 1);
    assert.deepEqual(JSON.parse(line), {
      timestamp: "2025-01-02T03:04:05.678Z",
      event_id: "r-1",
      event_type: "encrypt",
      operation: "PutObject",
      bucket: "photos",
      key: "a/b.jpg",
      client_ip: "10.0.0.7",
      user_agent: "aws-cli",
      request_id: "r-1",
      access_key: "AKIA",
      label: "app",
      status: 200,
      success: true,
      bytes_in: 12,
      bytes_out: 0,
      duration_ms: 3.5,
      metadata: { version_id: "v7" },
    });
  });

  it("says which key version a write is under", () => {
    const wrappedUnder = { provider: "kmip", keyId: "tenant", keyVersion: 0 };
    const { metadata } = record({ ...done, wrappedUnder });
    const named = { provider: "kmip", key_id: "tenant", key_version: 0 };
    assert.deepEqual(metadata, { version_id: "v7", ...named });
    const { versionId: _, ...less } = done;
    assert.deepEqual(record({ ...less, wrappedUnder }, ["key_id"]).metadata, {
      ...named,
      key_id: "[REDACTED]",
    });
  });

  it("leaves out what is not known", () => {
    const { key: _, versionId: __, userAgent: ___, ...less } = done;
    const written = record({ ...less, operation: "ListBuckets" });
    for (const name of ["key", "metadata", "user_agent", "error"]) {
      assert.equal(Object.hasOwn(written, name), false, name);
    }
    assert.equal(written.event_type, "ListBuckets");
  });

  it("cannot be made to write a second line", () => {
    const line = recordLine({ ...done, key: 'a"}\n{"event_type":"x' });
    assert.equal(line.split("\n").length, 2);
  });

  for (const [operation, changes, expected] of [
    ["GetObject", {}, "decrypt"],
    ["DeleteObjects", {}, "delete"],
    ["UploadPart", {}, "mpu.part"],
    ["UploadPartCopy", {}, "copy_part"],
    ["UploadPartCopy", { success: false, status: 400 }, "copy_part_refused"],
    ["PutObject", { success: false, status: 403, accessKey: undefined }, "auth.failure"],
    ["PutObject", { success: false, status: 403 }, "encrypt"],
  ] as const) {
    it(`calls ${operation} ${JSON.stringify(changes)} ${expected}`, () => {
      assert.equal(
        record({ ...done, operation, ...changes } as OperationDone).event_type,
        expected,
      );
    });
  }

  it("writes [REDACTED] for metadata keys that are not to be seen", () => {
    assert.deepEqual(record(done, ["version_id"]).metadata, { version_id: "[REDACTED]" });
    assert.equal(record(done, ["bucket"]).bucket, "photos");
  });
});

describe("incidentLine", () => {
  const seen = {
    timestamp: "2025-01-02T03:04:05.678Z",
    requestId: "r-1",
    incident: "mpu.tamper_detected",
    operation: "open-object",
    bucket: "photos",
    key: "a/b.jpg",
    uploadId: "u",
    fault: "crypto.integrity",
  } as const;

  it("writes one line that names what was seen, where, and in which request", () => {
    const line = incidentLine(seen);
    assert.equal(line.indexOf("\n"), line.length - 1);
    const { event_id, ...written } = JSON.parse(line) as Record<string, unknown>;
    assert.match(String(event_id), /^[0-9a-f-]{36}$/);
    assert.deepEqual(written, {
      timestamp: "2025-01-02T03:04:05.678Z",
      event_type: "mpu.tamper_detected",
      operation: "open-object",
      bucket: "photos",
      key: "a/b.jpg",
      request_id: "r-1",
      success: false,
      error: "crypto.integrity",
      metadata: { upload_id: "u" },
    });
    assert.match(incidentLine(seen, ["upload_id"]), /"upload_id":"\[REDACTED\]"/);
  });

  it("says success where nothing failed", () => {
    const { fault: _, uploadId: __, ...read } = seen;
    const line = incidentLine({ ...read, incident: "plain_object.read" });
    assert.match(line, /"success":true\}$/m);
  });
});

describe("keyVersionLine", () => {
  it("writes one line that names the version and what became of it", () => {
    const key = { provider: "aes", keyId: "aes", keyVersion: 2 };
    const timestamp = "2025-01-02T03:04:05.678Z";
    const line = keyVersionLine({ timestamp, action: "rotated", ...key });
    const { event_id, ...written } = JSON.parse(line) as Record<string, unknown>;
    assert.match(String(event_id), /^[0-9a-f]{32}$/);
    assert.deepEqual(written, {
      timestamp,
      event_type: "key_rotation.committed",
      operation: "keys",
      success: true,
      metadata: { provider: "aes", key_id: "aes", key_version: 2 },
    });
    assert.match(keyVersionLine({ timestamp, action: "retired", ...key }), /"key_version.retired"/);
  });

  it("names the steps of rotations, and why one failed", () => {
    const key = { provider: "aes", keyId: "aes", keyVersion: 2 };
    const timestamp = "2025-01-02T03:04:05.678Z";
    const step = { timestamp, ...key, rotationId: "rot-1" };
    for (const [action, type] of [
      ["started", "key_rotation.start"],
      ["rotated", "key_rotation.committed"],
      ["failed", "key_rotation.commit_failed"],
      ["aborted", "key_rotation.aborted"],
    ] as const) {
      const line = JSON.parse(keyVersionLine({ ...step, action, error: "why" })) as {
        [field: string]: unknown;
        metadata: Record<string, unknown>;
      };
      assert.equal(line.event_type, type);
      assert.equal(line.success, action !== "failed");
      assert.equal(line.error, "why");
      assert.equal(line.metadata.rotation_id, "rot-1");
    }
  });

  it("has one id whichever replica tells of it, and another for any other change", () => {
    const key = { provider: "aes", keyId: "aes", keyVersion: 2 };
    const told = { timestamp: "2025-01-02T03:04:05.678Z", action: "retired", ...key } as const;
    const { action, ...rest } = told;
    assert.equal(keyVersionEventId(told), keyVersionEventId({ ...rest, action }));
    assert.notEqual(keyVersionEventId(told), keyVersionEventId({ ...told, keyVersion: 3 }));
  });
});

describe("reloadLine", () => {
  it("tells what is other than before, or what is wrong", () => {
    const { roles, cause } = { roles: ["edge"], cause: "files" };
    const timestamp = "2025-01-02T03:04:05.678Z";
    const common = { timestamp, roles, cause, waiting: ["data_dir"] };
    const lines = [
      { ...common, success: true, changed: ["policies"] },
      { ...common, success: false, changed: [], error: "a is wrong" },
    ].map((reloaded) => JSON.parse(reloadLine(reloaded)) as Record<string, unknown>);
    const metadata = { roles, cause, changed: ["policies"], waiting: ["data_dir"] };
    assert.deepEqual(
      lines.map(({ event_type, success, error }) => [event_type, success, error]),
      [
        ["config.reloaded", true, undefined],
        ["config.reload_refused", false, "a is wrong"],
      ],
    );
    assert.deepEqual(lines[0]?.metadata, metadata);
    assert.notEqual(lines[0]?.event_id, lines[1]?.event_id);
  });
});

describe("jobLine", () => {
  it("says which job began or ended, on what and for whom", () => {
    const timestamp = "2026-01-02T03:04:05.000Z";
    const job = { timestamp, jobId: "j", kind: "unseal", buckets: ["b"], by: "admin" };
    const failed = { ...job, action: "failed", error: "input.invalid: so" } as const;
    assert.deepEqual(JSON.parse(jobLine(failed)), {
      timestamp,
      event_id: "j-failed",
      event_type: "job.failed",
      operation: "unseal",
      bucket: "b",
      success: false,
      error: "input.invalid: so",
      metadata: { job_id: "j", buckets: ["b"], by: "admin" },
    });
    const started = jobLine({ ...job, action: "started", buckets: ["b", "c"] });
    assert.match(started, /"event_type":"job.started","operation":"unseal","success":true/);
  });
});

describe("adminActionLine", () => {
  const action = {
    timestamp: "2026-01-02T03:04:05.000Z",
    requestId: "admin-1",
    event: "log_level.changed",
    operation: "PUT /admin/log/level",
    clientIp: "10.0.0.1",
    authentication: "bearer",
    status: 200,
    success: true,
    wish: { level: "debug", duration: "10m" },
  } as const;

  it("says who asked for what, and how it ended", () => {
    const line = adminActionLine(action);
    assert.equal(line.indexOf("\n"), line.length - 1);
    assert.deepEqual(JSON.parse(line), {
      timestamp: "2026-01-02T03:04:05.000Z",
      event_id: "admin-1",
      event_type: "log_level.changed",
      operation: "PUT /admin/log/level",
      client_ip: "10.0.0.1",
      request_id: "admin-1",
      status: 200,
      success: true,
      metadata: {
        ...{ level: "debug", duration: "10m" },
        ...{ subsystem: "admin", authentication: "bearer" },
      },
    });
    assert.match(adminActionLine(action, ["level"]), /"level":"\[REDACTED\]"/);
  });

  it("says how many were refused, and lets no wish speak for it", () => {
    const { authentication: _, ...nobody } = action;
    const line = adminActionLine({
      ...{ ...nobody, event: "auth.failure", status: 401, success: false, error: "Unauthorized" },
      ...{ count: 7, wish: { subsystem: "edge" } },
    });
    const { event_type, error, metadata } = JSON.parse(line) as Record<string, unknown>;
    assert.deepEqual([event_type, error], ["auth.failure", "Unauthorized"]);
    assert.deepEqual(metadata, { subsystem: "admin", count: 7 });
  });
});
