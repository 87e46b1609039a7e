/** Settings of audit. */
import { durationMs, fileMode, secret } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";

const ONE_POST = "no effect: there is one POST at a time";

const count = (variable: string, initial: number) =>
  z.int().min(0).default(initial).meta({ env: variable });
const duration = (variable: string, initial: string) =>
  durationMs().prefault(initial).meta({ env: variable });
const text = (variable: string) => z.string().optional().meta({ env: variable });

const SinkSection = z.strictObject({
  type: z
    .enum(["stdout", "file", "http"])
    .default("stdout")
    .meta({ env: "AUDIT_SINK_TYPE" })
    .describe(
      "where events go: standard output, file_path, or endpoint (kept on disk until it has taken them)",
    ),
  file_path: text("AUDIT_SINK_FILE_PATH").describe("file that events are appended to"),
  file_mode: fileMode()
    .prefault("0600")
    .meta({ env: "AUDIT_SINK_FILE_MODE" })
    .describe("permissions of the file when it is created, octal"),
  file_max_bytes: count("AUDIT_SINK_FILE_MAX_BYTES", 0).describe(
    "size at which the file is moved to file_path.TIME and a new one begun; 0: never",
  ),
  retry_count: count("AUDIT_SINK_RETRY_COUNT", 0).describe(
    "where overflow is drop: how often a failed write to disk is repeated before its events are dropped and counted",
  ),
  retry_backoff: duration("AUDIT_SINK_RETRY_BACKOFF", "0").describe(
    "wait before each repetition; of a POST before the first, 0: 1s, doubled up to 30s",
  ),
  endpoint: z
    .url({ protocol: /^https?$/, error: "expected a URL of http or https" })
    .optional()
    .meta({ env: "AUDIT_SINK_ENDPOINT" })
    .describe("URL that events are POSTed to, a JSON array each time"),
  headers: z
    .record(z.string(), z.string())
    .default({})
    .describe("sent along with each POST, as for authorization"),
  batch_size: count("AUDIT_SINK_BATCH_SIZE", 0).describe("events of one POST at most; 0: 100"),
  flush_interval: duration("AUDIT_SINK_FLUSH_INTERVAL", "0").describe(
    "how long an event may wait for others; 0: 5s where batch_size is set, else it is sent at once",
  ),
  spool_max_bytes: count("AUDIT_SINK_SPOOL_MAX_BYTES", 1_073_741_824).describe(
    "bytes in DATA_DIR/audit/spool that may wait for the endpoint; what happens beyond it, overflow says",
  ),
  max_concurrent_flushes: count("AUDIT_SINK_MAX_CONCURRENT_FLUSHES", 4).describe(
    "no effect: one POST at a time, so that events arrive in their order",
  ),
  http: z
    .strictObject({
      timeout: duration("AUDIT_SINK_HTTP_TIMEOUT", "30s").describe("time for one POST"),
      max_conns_per_host: count("AUDIT_SINK_HTTP_MAX_CONNS_PER_HOST", 20).describe(ONE_POST),
      max_idle_conns: count("AUDIT_SINK_HTTP_MAX_IDLE_CONNS", 100).describe(ONE_POST),
      max_idle_conns_per_host: count("AUDIT_SINK_HTTP_MAX_IDLE_CONNS_PER_HOST", 10).describe(
        ONE_POST,
      ),
      idle_conn_timeout: duration("AUDIT_SINK_HTTP_IDLE_CONN_TIMEOUT", "90s").describe(
        "how long the connection is kept between POSTs",
      ),
      tls_handshake_timeout: duration("AUDIT_SINK_HTTP_TLS_HANDSHAKE_TIMEOUT", "10s").describe(
        "no effect: timeout is that of the whole POST",
      ),
      response_header_timeout: duration("AUDIT_SINK_HTTP_RESPONSE_HEADER_TIMEOUT", "10s").describe(
        "no effect: timeout is that of the whole POST",
      ),
    })
    .prefault({}),
  tls: z
    .strictObject({
      ca_file: text("AUDIT_SINK_TLS_CA_FILE").describe("CA that signs the endpoint, PEM file"),
      cert_file: text("AUDIT_SINK_TLS_CERT_FILE").describe("client certificate, PEM file"),
      key_file: text("AUDIT_SINK_TLS_KEY_FILE").describe("its key, PEM file"),
      insecure_skip_verify: z
        .boolean()
        .default(false)
        .meta({ env: "AUDIT_SINK_TLS_INSECURE_SKIP_VERIFY" })
        .describe("takes any certificate"),
      min_version: z
        .enum(["1.2", "1.3"])
        .default("1.2")
        .meta({ env: "AUDIT_SINK_TLS_MIN_VERSION" })
        .describe("least version of TLS"),
    })
    .prefault({}),
});

/** `audit.*`: whether there is an audit trail, and where it goes. */
export const AuditSection = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .meta({ env: "AUDIT_ENABLED" })
      .describe("write an event for every S3 operation"),
    max_events: z
      .int()
      .min(1)
      .default(10_000)
      .meta({ env: "AUDIT_MAX_EVENTS" })
      .describe("events that may wait for the sink; what happens beyond it, overflow says"),
    require: z
      .enum(["all", "writes", "none"])
      .default("writes")
      .meta({ env: "AUDIT_REQUIRE" })
      .describe(
        "which requests that succeed are answered only when their event is written: all, those that change something, or none",
      ),
    overflow: z
      .enum(["block", "drop"])
      .default("block")
      .meta({ env: "AUDIT_OVERFLOW" })
      .describe(
        "where the sink fails or cannot keep up: block: requests whose event is required are refused (503); drop: events are dropped and counted",
      ),
    chain_key: secret()
      .optional()
      .meta({ env: "AUDIT_CHAIN_KEY" })
      .describe(
        "key of the chain, 32 bytes in hex or base64; without one it is made and kept in DATA_DIR/audit",
      ),
    chain_key_file: text("AUDIT_CHAIN_KEY_FILE").describe("file with the key of the chain"),
    redact_metadata_keys: z
      .array(z.string())
      .default([])
      .meta({ env: "AUDIT_REDACT_METADATA_KEYS" })
      .describe("keys of an event's metadata whose values are not written"),
    sink: SinkSection.prefault({}),
  })
  .refine(({ enabled, sink }) => !enabled || sink.type !== "file" || sink.file_path !== undefined, {
    path: ["sink", "file_path"],
    message: "is required where audit.sink.type is file",
  })
  .refine(({ enabled, sink }) => !enabled || sink.type !== "http" || sink.endpoint !== undefined, {
    path: ["sink", "endpoint"],
    message: "is required where audit.sink.type is http",
  })
  .prefault({});
export type AuditSection = z.infer<typeof AuditSection>;
