import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { loadConfig } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import { AuditSection } from "../src/config.ts";

const load = (env: Record<string, string>, yamlText = "") =>
  loadConfig(z.strictObject({ audit: AuditSection }), { env, yamlText }).audit;

describe("AuditSection", () => {
  it("is off, and goes to standard output, unless told otherwise", () => {
    const audit = load({});
    assert.equal(audit.enabled, false);
    assert.equal(audit.sink.type, "stdout");
    assert.equal(audit.sink.file_mode, 0o600);
    assert.equal(audit.max_events, 10_000);
    assert.deepEqual([audit.require, audit.overflow], ["writes", "block"]);
    assert.equal(audit.sink.file_max_bytes, 0);
  });

  it("reads the variables users have", () => {
    const audit = load({
      AUDIT_ENABLED: "true",
      AUDIT_SINK_TYPE: "file",
      AUDIT_SINK_FILE_PATH: "/var/log/audit.jsonl",
      AUDIT_SINK_FILE_MODE: "0640",
      AUDIT_REDACT_METADATA_KEYS: "a,b",
      AUDIT_SINK_FILE_MAX_BYTES: "1000",
      AUDIT_REQUIRE: "none",
      AUDIT_OVERFLOW: "drop",
    });
    assert.equal(audit.sink.file_path, "/var/log/audit.jsonl");
    assert.equal(audit.sink.file_mode, 0o640);
    assert.deepEqual(audit.redact_metadata_keys, ["a", "b"]);
    assert.equal(audit.sink.file_max_bytes, 1000);
    assert.deepEqual([audit.require, audit.overflow], ["none", "drop"]);
  });

  it("refuses a file sink without a path only where audit is on", () => {
    assert.equal(load({ AUDIT_SINK_TYPE: "file" }).enabled, false);
    assert.throws(
      () => load({ AUDIT_SINK_TYPE: "file", AUDIT_ENABLED: "1" }),
      (error) => isFault(error, "config.invalid") && error.message.includes("AUDIT_SINK_FILE_PATH"),
    );
  });

  it("refuses http without an endpoint where audit is on, and a sink that it does not have", () => {
    assert.equal(load({}, "audit: {sink: {type: http}}").enabled, false);
    for (const yaml of ["audit: {enabled: true, sink: {type: http}}", "audit: {sink: {type: x}}"]) {
      assert.throws(
        () => load({}, yaml),
        (error) => isFault(error, "config.invalid"),
      );
    }
  });
});
