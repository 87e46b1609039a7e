/** Settings of edge: listener, TLS, limits of the S3 port, credentials and policies. */
import { durationMs, listenAddress, secret } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import { BUCKET_RIGHTS, OBJECT_RIGHTS } from "./auth/rights.ts";
import { clientCertificate } from "./config/client-certificate.ts";
import { checksumPolicy, etagPolicy, metadataPolicy } from "./config/policy-file.ts";
import { CacheSection, ListSizeSection, RateLimitSection } from "./config/traffic.ts";

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
    client_certificates: z
      .array(clientCertificate)
      .optional()
      .describe("who shows one of these needs no signature; needs tls.client_ca_file"),
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
  rate_limit: RateLimitSection,
  cache: CacheSection,
  list_size_translate: ListSizeSection,
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
      min_body_rate: z
        .int()
        .min(0)
        .default(1024)
        .meta({ env: "SERVER_MIN_BODY_RATE" })
        .describe("bytes a second, over read_timeout, that a client must send of a body; 0: any"),
      max_connections: z
        .int()
        .min(16)
        .default(4096)
        .meta({ env: "SERVER_MAX_CONNECTIONS" })
        .describe(
          "connections to the S3 port; a further one takes the place of that without a request for longest",
        ),
      read_only: z
        .boolean()
        .default(false)
        .meta({ env: "READ_ONLY" })
        .describe("for maintenance: whatever writes is answered 503, and clients try again"),
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
      trusted_proxies: z
        .array(z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()], "expected addresses in CIDR"))
        .default([])
        .meta({ env: "SERVER_TRUSTED_PROXIES" })
        .describe(
          "proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses or CIDR",
        ),
      force_https: z
        .boolean()
        .default(false)
        .meta({ env: "SERVER_FORCE_HTTPS" })
        .describe(
          "Strict-Transport-Security on every answer, also where a proxy ends TLS; with trusted_proxies, what came by plain HTTP is refused",
        ),
      max_legacy_copy_source_bytes: z
        .int()
        .min(0)
        .default(268_435_456)
        .meta({ env: "SERVER_MAX_LEGACY_COPY_SOURCE_BYTES" })
        .describe("no effect: copies stream, whatever their size"),
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
      client_ca_file: path()
        .meta({ env: "TLS_CLIENT_CA_FILE" })
        .describe(
          "authorities of client certificates, PEM; clients are asked for one then, and need none",
        ),
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
      metadata: metadataPolicy
        .default("plain")
        .meta({ env: "METADATA_POLICY" })
        .describe(
          "metadata of new objects where no policy says otherwise; sealed: the backend sees neither user metadata nor content headers",
        ),
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
