/** The sections of the configuration that more than one service reads. Names and defaults are those users have. */
import { z } from "zod";
import { OPERATION_NAMES } from "../s3/operation-name.ts";
import { durationMs, listenAddress, secret } from "./config.ts";
import { LOG_LEVELS } from "./log.ts";

const path = () => z.string().optional();

/** `log_level` and `logging`: how the log is written. */
const logSettings = {
  log_level: z
    .enum(LOG_LEVELS)
    .default("info")
    .meta({ env: "LOG_LEVEL" })
    .describe("least severe level that is logged"),
  logging: z
    .strictObject({
      access_log_format: z
        .enum(["default", "json", "clf"])
        .default("default")
        .meta({ env: "LOGGING_ACCESS_LOG_FORMAT" })
        .describe("shape of the line written per request; json and clf: one field of that name"),
      redact_headers: z
        .array(z.string().toLowerCase())
        .default([
          "authorization",
          "x-amz-security-token",
          "x-amz-signature",
          "x-amz-tagging",
          "x-encryption-key",
          "x-encryption-password",
        ])
        .meta({ env: "LOGGING_REDACT_HEADERS" })
        .describe(
          "headers not shown by json, beside credentials, keys and metadata, which never are",
        ),
    })
    .prefault({}),
};

/** `nats`: the bus between processes. Without a URL all roles must be in one process. */
export const NatsSection = z
  .strictObject({
    url: z
      .string()
      .optional()
      .meta({ env: "NATS_URL" })
      .describe("NATS servers, separated by commas; empty: in-memory bus of one process"),
    creds_file: path()
      .meta({ env: "NATS_CREDS_FILE" })
      .describe("NATS credentials file of the service's account"),
    tls: z
      .strictObject({
        ca_file: path().meta({ env: "NATS_TLS_CA_FILE" }).describe("CA that signs the servers"),
        cert_file: path().meta({ env: "NATS_TLS_CERT_FILE" }).describe("client certificate"),
        key_file: path().meta({ env: "NATS_TLS_KEY_FILE" }).describe("key of the certificate"),
      })
      .prefault({}),
    subject_prefix: z
      .string()
      .regex(/^[A-Za-z0-9_-]+$/, "expected letters, digits, - and _")
      .default("s3eg")
      .meta({ env: "NATS_SUBJECT_PREFIX" })
      .describe("first segment of every subject"),
    replicas: z
      .number()
      .int()
      .min(1)
      .max(5)
      .default(1)
      .meta({ env: "NATS_REPLICAS" })
      .describe(
        "servers that keep what services keep in JetStream; a stream that lies on fewer is not used",
      ),
  })
  .prefault({});
export type NatsSection = z.infer<typeof NatsSection>;

/** `service`: the secrets with which services trust each other, 32 bytes each, in hex or base64. */
export const ServiceSection = z
  .strictObject({
    secret: secret()
      .optional()
      .meta({ env: "SERVICE_SECRET" })
      .describe("secret of all services, 32 bytes in hex or base64"),
    secret_file: path().meta({ env: "SERVICE_SECRET_FILE" }).describe("file holding it"),
    keys_secret: secret()
      .optional()
      .meta({ env: "KEYS_SECRET" })
      .describe("secret of keys and crypto only, 32 bytes in hex or base64"),
    keys_secret_file: path().meta({ env: "KEYS_SECRET_FILE" }).describe("file holding it"),
    tls: z
      .strictObject({
        ca_file: path()
          .meta({ env: "SERVICE_TLS_CA_FILE" })
          .describe("CA of all services: bodies between edge and crypto then go by mutual TLS 1.3"),
        cert_file: path()
          .meta({ env: "SERVICE_TLS_CERT_FILE" })
          .describe("certificate of this service, for servers and clients"),
        key_file: path().meta({ env: "SERVICE_TLS_KEY_FILE" }).describe("key of the certificate"),
        server_name: z
          .string()
          .min(1)
          .optional()
          .meta({ env: "SERVICE_TLS_SERVER_NAME" })
          .describe("name in the certificate of every worker; default: the host it is reached by"),
      })
      .superRefine(({ ca_file, cert_file, key_file }, context) => {
        const given = [ca_file, cert_file, key_file].filter((file) => file !== undefined);
        if (given.length === 0 || given.length === 3) return;
        context.addIssue({ code: "custom", message: "needs ca_file, cert_file and key_file" });
      })
      .prefault({}),
  })
  .prefault({});
export type ServiceSection = z.infer<typeof ServiceSection>;

const attempts = () => z.number().int().min(1).max(10);

const RetrySection = z
  .strictObject({
    mode: z
      .enum(["standard", "adaptive", "off"])
      .default("standard")
      .meta({ env: "BACKEND_RETRY_MODE" })
      .describe("adaptive also slows down when the backend throttles; off: one attempt"),
    max_attempts: attempts()
      .default(3)
      .meta({ env: "BACKEND_RETRY_MAX_ATTEMPTS" })
      .describe("attempts per request, the first included; a streamed body is never sent twice"),
    initial_backoff: durationMs()
      .pipe(z.number().min(1))
      .prefault("100ms")
      .meta({ env: "BACKEND_RETRY_INITIAL_BACKOFF" })
      .describe("wait before the second attempt, at least 1ms"),
    max_backoff: durationMs()
      .pipe(z.number().max(300_000))
      .prefault("20s")
      .meta({ env: "BACKEND_RETRY_MAX_BACKOFF" })
      .describe("longest wait, at least initial_backoff, at most 5m"),
    jitter: z
      .enum(["full", "decorrelated", "equal", "none"])
      .default("full")
      .meta({ env: "BACKEND_RETRY_JITTER" })
      .describe("how waits are spread"),
    per_operation: z
      .record(
        z.string().refine((name) => OPERATION_NAMES.has(name), "is no operation of S3"),
        attempts(),
      )
      .default({})
      .describe("attempts of single operations in place of max_attempts: GetObject: 5"),
    safe_copy_object: z
      .boolean()
      .default(true)
      .meta({ env: "BACKEND_RETRY_SAFE_COPY_OBJECT" })
      .describe("copies are sent again like other requests; false: once, whatever comes"),
  })
  .refine((retry) => retry.max_backoff >= retry.initial_backoff, {
    path: ["max_backoff"],
    message: "must not be shorter than initial_backoff",
  });

/** `backend`: the S3 server behind the gateway. */
export const BackendSection = z
  .strictObject({
    endpoint: z
      .string()
      .optional()
      .meta({ env: "BACKEND_ENDPOINT" })
      .describe("URL of the S3 server; empty: Amazon S3 of the region"),
    region: z.string().default("us-east-1").meta({ env: "BACKEND_REGION" }).describe("S3 region"),
    access_key: z
      .string()
      .optional()
      .meta({ env: "BACKEND_ACCESS_KEY" })
      .describe(
        "access key; empty: the AWS default chain (environment, profile, web identity, role)",
      ),
    secret_key: secret()
      .optional()
      .meta({ env: "BACKEND_SECRET_KEY" })
      .describe("secret key of access_key"),
    provider: z
      .string()
      .optional()
      .meta({ env: "BACKEND_PROVIDER" })
      .describe(
        "name of the provider, for its known habits (aws, minio, ceph, r2 …); empty: guessed",
      ),
    use_ssl: z
      .boolean()
      .default(true)
      .meta({ env: "BACKEND_USE_SSL" })
      .describe("scheme of an endpoint given without one: true https, false http"),
    use_path_style: z
      .boolean()
      .default(false)
      .meta({ env: "BACKEND_USE_PATH_STYLE" })
      .describe("bucket in the path rather than in the host name"),
    probe_bucket: z
      .string()
      .optional()
      .meta({ env: "BACKEND_PROBE_BUCKET" })
      .describe(
        "bucket in which edge tries at start what the backend makes of conditions; empty: believed to honour them",
      ),
    upload_checksum: z
      .enum(["auto", "crc32", "none"])
      .default("auto")
      .meta({ env: "BACKEND_UPLOAD_CHECKSUM" })
      .describe(
        "checksum behind the stored bytes of an object, without which the backend commits none; auto: until the backend refuses it",
      ),
    filter_metadata_keys: z
      .array(
        z
          .string()
          .toLowerCase()
          .refine((key) => !/^(?:x-amz-meta-)?s3eg/.test(key), {
            message: "names metadata of the gateway, without which no object can be read",
          }),
      )
      .default([])
      .meta({ env: "BACKEND_FILTER_METADATA_KEYS" })
      .describe("user metadata that is not passed to the backend, with or without x-amz-meta-"),
    type: z
      .enum(["s3", "gcs", "azure"])
      .default("s3")
      .meta({ env: "BACKEND_TYPE" })
      .describe("protocol of the backend: S3, that of gcs too; azure has none and is refused"),
    azure: z
      .strictObject({
        account_name: z
          .string()
          .optional()
          .meta({ env: "BACKEND_AZURE_ACCOUNT_NAME" })
          .describe("no effect: Azure Blob Storage has no S3 interface, and type azure is refused"),
      })
      .prefault({}),
    retry: RetrySection.prefault({}),
  })
  .refine((backend) => (backend.access_key === undefined) === (backend.secret_key === undefined), {
    path: ["secret_key"],
    message: "access_key and secret_key belong together: give both or neither",
  })
  .prefault({});
export type BackendSection = z.infer<typeof BackendSection>;

/** `metrics`: where metrics are served, and how much they tell. */
const MetricsSection = z
  .strictObject({
    addr: listenAddress()
      .optional()
      .meta({ env: "METRICS_ADDR" })
      .describe("separate listener for /metrics and health, without authentication; empty: none"),
    enable_bucket_label: z
      .boolean()
      .default(false)
      .meta({ env: "METRICS_ENABLE_BUCKET_LABEL" })
      .describe("bucket names as label values, of at most 1000 buckets; false: *"),
  })
  .prefault({});

/** What every service reads: spread into the schema of its configuration. */
export const commonSettings = {
  ...logSettings,
  nats: NatsSection,
  service: ServiceSection,
  metrics: MetricsSection,
  data_dir: z
    .string()
    .default(".data")
    .meta({ env: "DATA_DIR" })
    .describe("directory of embedded state"),
  zone: z
    .string()
    .default("")
    .meta({ env: "ZONE" })
    .describe("availability zone of this process; edge prefers crypto workers of its own"),
};
