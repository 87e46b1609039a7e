/** Settings of edge: listener, TLS, limits of the S3 port, credentials and policies. */
import { Contents, mayReadPlain } from "@s3eg/shared/contracts/crypto.ts";
import { durationMs, listenAddress, secret } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import { BUCKET_RIGHTS, OBJECT_RIGHTS } from "./auth/rights.ts";

const path = () => z.string().optional();

/** One entry of `auth.credentials`. */
const credential = z
  .strictObject({
    access_key: z.string().min(1),
    secret_key: secret().optional(),
    secret_key_env: z.string().optional().describe("name of the variable that holds the secret"),
    label: z.string().optional(),
    backend_access_key: z.string().optional().describe("own identity towards the backend"),
    backend_secret_key: secret().optional(),
    buckets: z
      .array(z.string())
      .optional()
      .describe("where its rights hold: bucket, bucket*, bucket/prefix*; absent: everywhere"),
    permissions: z
      .union([z.enum(["ro", "rw"]), z.array(z.enum(OBJECT_RIGHTS))])
      .optional()
      .describe("ro, rw or single rights; absent: rw"),
    bucket_permissions: z
      .array(z.enum(BUCKET_RIGHTS))
      .optional()
      .describe("on buckets themselves; absent: all where nothing else is limited, else none"),
  })
  .refine(
    ({ secret_key, secret_key_env }) =>
      (secret_key === undefined) !== (secret_key_env === undefined),
    {
      message: "needs either secret_key or secret_key_env",
    },
  )
  .refine(
    (entry) =>
      (entry.backend_access_key === undefined) === (entry.backend_secret_key === undefined),
    {
      message: "needs backend_access_key and backend_secret_key together",
    },
  );
/** Who may call the gateway, as configured. */
export type CredentialSetting = z.infer<typeof credential>;

/** Schema of a file named by AUTH_CREDENTIALS_FILE: a list of credentials. */
export const credentialList = z.array(credential);

/** Which ETag clients see (ARCHITECTURE.md, "ETags and listings"). */
const etagPolicy = z.enum(["opaque", "md5"]);
/** Which objects get a checksum: those whose client sent one, or all (CRC64NVME then, as S3 does). */
const checksumPolicy = z.enum(["client", "always"]);

/** The settings at the top level of the file that are edge's. */
export const edgeSettings = {
  listen_addr: listenAddress()
    .optional()
    .meta({ env: "LISTEN_ADDR" })
    .describe("address of the S3 port; default :8080, or 127.0.0.1:8080 with the demo store"),
  proxied_bucket: z
    .string()
    .optional()
    .meta({ env: "PROXIED_BUCKET" })
    .describe("the only bucket that may be used"),
  policies: z
    .array(z.string())
    .default([])
    .meta({ env: "POLICIES" })
    .describe("globs of policy files"),
  server: z
    .strictObject({
      read_timeout: durationMs()
        .prefault("0s")
        .meta({ env: "SERVER_READ_TIMEOUT" })
        .describe("longest pause of a client while it sends a body; 0: 60s"),
      write_timeout: durationMs()
        .prefault("0s")
        .meta({ env: "SERVER_WRITE_TIMEOUT" })
        .describe("longest pause of a client while it takes an answer; 0: 60s"),
      idle_timeout: durationMs()
        .prefault("60s")
        .meta({ env: "SERVER_IDLE_TIMEOUT" })
        .describe("how long an idle connection is kept"),
      read_header_timeout: durationMs()
        .prefault("10s")
        .meta({ env: "SERVER_READ_HEADER_TIMEOUT" })
        .describe("time for a request's head"),
      max_header_bytes: z
        .int()
        .min(8192)
        .default(65_536)
        .meta({ env: "SERVER_MAX_HEADER_BYTES" })
        .describe("largest head of a request"),
      virtual_host_domains: z
        .array(z.string().regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, "needs a lower-case domain"))
        .default([])
        .meta({ env: "SERVER_VIRTUAL_HOST_DOMAINS" })
        .describe("domains under which a host name names the bucket: <bucket>.<domain>"),
      disable_multipart_uploads: z
        .boolean()
        .default(false)
        .meta({ env: "SERVER_DISABLE_MULTIPART_UPLOADS" })
        .describe("every operation of multipart uploads is NotImplemented; no state is kept"),
      max_part_buffer: z
        .int()
        .min(5_242_880)
        .optional()
        .meta({ env: "SERVER_MAX_PART_BUFFER" })
        .describe("largest part in bytes, at least 5 MiB; parts stream, so empty: S3's own limit"),
    })
    .prefault({}),
  tls: z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .meta({ env: "TLS_ENABLED" })
        .describe("TLS on the S3 port"),
      cert_file: path().meta({ env: "TLS_CERT_FILE" }).describe("certificate chain, PEM"),
      key_file: path().meta({ env: "TLS_KEY_FILE" }).describe("private key, PEM"),
    })
    .refine(
      ({ enabled, cert_file, key_file }) =>
        !enabled || (cert_file !== undefined && key_file !== undefined),
      {
        message: "needs cert_file and key_file when enabled",
      },
    )
    .prefault({}),
  objects: z
    .strictObject({
      etag: etagPolicy
        .default("opaque")
        .meta({ env: "ETAG_POLICY" })
        .describe("ETag of objects where no policy says otherwise; md5: that of the plaintext"),
      checksum: checksumPolicy
        .default("client")
        .meta({ env: "CHECKSUM_POLICY" })
        .describe("objects that get a checksum where no policy says otherwise"),
    })
    .prefault({}),
  auth: z
    .strictObject({
      clock_skew_tolerance: durationMs()
        .prefault("5m")
        .meta({ env: "AUTH_CLOCK_SKEW_TOLERANCE" })
        .describe("how far a client's clock may be off"),
      allow_legacy_signature_v2: z
        .boolean()
        .default(true)
        .meta({ env: "AUTH_ALLOW_LEGACY_SIGNATURE_V2" })
        .describe("accept signature version 2 (HMAC-SHA1), in the header, in URLs and in forms"),
      credentials: credentialList.default([]).describe("who may call the gateway"),
    })
    .prefault({}),
};

/** A policy file. */
export const policyFile = z
  .strictObject({
    id: z.string().min(1),
    buckets: z.array(z.string().min(1)).min(1),
    contents: Contents.optional(),
    bind_as: z.string().min(1).optional(),
    sse: z.enum(["pass", "refuse"]).optional(),
    etag: etagPolicy.optional(),
    checksum: checksumPolicy.optional(),
    anonymous: z
      .enum(["refuse", "read", "pass"])
      .default("refuse")
      .describe(
        "requests without a signature go to the backend without one: never, to read and list, or always",
      ),
    encrypt_multipart_uploads: z
      .boolean()
      .default(true)
      .describe(
        "false: objects uploaded in parts are stored as they are; needs contents mixed or pass-through",
      ),
    require_encryption: z
      .boolean()
      .default(false)
      .describe("nothing is stored unsealed, and no copy is made of what lies unsealed"),
    encryption: z
      .strictObject({ preferred_algorithm: z.enum(["AES256-GCM", "ChaCha20-Poly1305"]).optional() })
      .prefault({}),
  })
  .refine(
    (policy) => policy.encrypt_multipart_uploads || mayReadPlain(policy.contents ?? "sealed"),
    {
      path: ["encrypt_multipart_uploads"],
      message: "false needs contents: mixed or pass-through: what it stores could not be read",
    },
  )
  .refine((policy) => policy.contents !== "pass-through" || !policy.require_encryption, {
    path: ["require_encryption"],
    message: "true and contents: pass-through contradict each other",
  })
  .refine((policy) => policy.encrypt_multipart_uploads || !policy.require_encryption, {
    path: ["require_encryption"],
    message: "true and encrypt_multipart_uploads: false contradict each other",
  });
export type PolicyFile = z.infer<typeof policyFile>;
