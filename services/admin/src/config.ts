/** Settings of admin. */
import { isIP } from "node:net";
import { type ListenAddress, listenAddress, secret } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";

const OF_GO = "no effect: this runtime has no such profiles";

const text = (variable: string) => z.string().optional().meta({ env: variable });
const flag = (variable: string) => z.boolean().default(false).meta({ env: variable });

const TlsSection = z.strictObject({
  enabled: flag("ADMIN_TLS_ENABLED").describe("serve HTTPS; required off loopback"),
  cert_file: text("ADMIN_TLS_CERT_FILE").describe("certificate chain, PEM"),
  key_file: text("ADMIN_TLS_KEY_FILE").describe("key of the certificate, PEM"),
});

const AuthSection = z.strictObject({
  type: z
    .enum(["bearer"])
    .default("bearer")
    .meta({ env: "ADMIN_AUTH_TYPE" })
    .describe("how callers prove who they are"),
  token_file: text("ADMIN_AUTH_TOKEN_FILE").describe(
    "file with the token: no symbolic link, for its owner's eyes only, read again every 30s",
  ),
  token: secret()
    .optional()
    .meta({ env: "ADMIN_AUTH_TOKEN" })
    .describe("the token itself; needs allow_inline_token"),
  allow_inline_token: flag("ADMIN_ALLOW_INLINE_TOKEN").describe("permits token"),
});

const ProfilingSection = z.strictObject({
  enabled: flag("ADMIN_PROFILING_ENABLED").describe("profiles of the process, under /debug/pprof/"),
  block_rate: z.int().min(0).default(0).meta({ env: "ADMIN_PROFILING_BLOCK_RATE" }).describe(OF_GO),
  mutex_fraction: z
    .int()
    .min(0)
    .default(0)
    .meta({ env: "ADMIN_PROFILING_MUTEX_FRACTION" })
    .describe(OF_GO),
  max_concurrent_profiles: z
    .int()
    .min(1)
    .default(2)
    .meta({ env: "ADMIN_PROFILING_MAX_CONCURRENT" })
    .describe("profiles that are taken at a time"),
  max_profile_seconds: z
    .int()
    .min(1)
    .max(600)
    .default(60)
    .meta({ env: "ADMIN_PROFILING_MAX_SECONDS" })
    .describe("longest profile in seconds"),
});

/** `admin.*`: the listener of the admin API and who may use it. */
export const AdminSection = z
  .strictObject({
    enabled: flag("ADMIN_ENABLED").describe("serve the admin API"),
    address: listenAddress()
      .prefault("127.0.0.1:8081")
      .meta({ env: "ADMIN_ADDRESS" })
      .describe("where the admin API listens"),
    max_header_bytes: z
      .int()
      .min(1024)
      .default(65_536)
      .meta({ env: "ADMIN_MAX_HEADER_BYTES" })
      .describe("largest request header"),
    tls: TlsSection.prefault({}),
    auth: AuthSection.prefault({}),
    rate_limit: z
      .strictObject({
        requests_per_minute: z
          .int()
          .min(1)
          .default(30)
          .meta({ env: "ADMIN_RATE_LIMIT_RPM" })
          .describe(
            "requests per minute and client address; reads: twenty times that; failed logins: a third of it",
          ),
      })
      .prefault({}),
    profiling: ProfilingSection.prefault({}),
  })
  .superRefine((admin, context) => {
    if (!admin.enabled) return;
    for (const [path, message] of contradictions(admin)) {
      context.addIssue({ code: "custom", path, message });
    }
  })
  .prefault({});
export type AdminSection = z.infer<typeof AdminSection>;

interface Choices {
  readonly address: ListenAddress;
  readonly tls: z.infer<typeof TlsSection>;
  readonly auth: z.infer<typeof AuthSection>;
}

function* contradictions({ address, tls, auth }: Choices): Generator<[string[], string]> {
  if (!tls.enabled && !isLoopback(address)) {
    yield [["tls", "enabled"], "is required where admin.address is not a loopback address"];
  }
  if (tls.enabled && (tls.cert_file === undefined || tls.key_file === undefined)) {
    yield [["tls"], "needs cert_file and key_file"];
  }
  if ((auth.token === undefined) === (auth.token_file === undefined)) {
    yield [["auth"], "needs exactly one of token_file and token"];
  }
  if (auth.token && !auth.allow_inline_token) {
    yield [["auth", "token"], "is permitted only with ADMIN_ALLOW_INLINE_TOKEN=1"];
  }
}

function isLoopback({ host = "" }: ListenAddress): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
