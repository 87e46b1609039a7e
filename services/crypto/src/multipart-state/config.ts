/** Settings of the state of multipart uploads: `multipart_state.*`, under the names users have. */
import { durationMs } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";

const ONE_CONNECTION = "no effect: one connection carries all commands";

const text = () => z.string().optional();

const ADDRESSES = /^(?:[^\s,:[\]]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/;
const addresses = () =>
  z
    .string()
    .refine((list) => list.split(",").every((one) => ADDRESSES.test(one.trim())), {
      message: "expected host:port, several separated by commas",
    })
    .optional();

const TlsSection = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .meta({ env: "VALKEY_TLS_ENABLED" })
      .describe("TLS to Valkey and to Sentinels; false needs insecure_allow_plaintext"),
    ca_file: text().meta({ env: "VALKEY_TLS_CA_FILE" }).describe("CA that signs the servers, PEM"),
    cert_file: text().meta({ env: "VALKEY_TLS_CERT_FILE" }).describe("client certificate, PEM"),
    key_file: text().meta({ env: "VALKEY_TLS_KEY_FILE" }).describe("key of the certificate, PEM"),
    insecure_skip_verify: z
      .boolean()
      .default(false)
      .meta({ env: "VALKEY_TLS_INSECURE_SKIP_VERIFY" })
      .describe("takes any certificate"),
    min_version: z
      .enum(["1.2", "1.3"])
      .default("1.3")
      .meta({ env: "VALKEY_TLS_MIN_VERSION" })
      .describe("oldest TLS version"),
  })
  .refine((tls) => (tls.cert_file === undefined) === (tls.key_file === undefined), {
    path: ["key_file"],
    message: "cert_file and key_file belong together: give both or neither",
  });

const SentinelSection = z.strictObject({
  master: z
    .string()
    .default("mymaster")
    .meta({ env: "VALKEY_SENTINEL_MASTER" })
    .describe("name of the primary that the Sentinels watch"),
  username: text().meta({ env: "VALKEY_SENTINEL_USERNAME" }).describe("ACL user of the Sentinels"),
  password_env: text()
    .meta({ env: "VALKEY_SENTINEL_PASSWORD_ENV" })
    .describe("name of the variable that holds the Sentinels' password"),
});

const timeout = (name: string, initial: string) =>
  durationMs()
    .pipe(z.number().min(1).max(60_000))
    .prefault(initial)
    .meta({ env: `VALKEY_${name}_TIMEOUT` });

const ValkeySection = z
  .strictObject({
    addr: addresses()
      .meta({ env: "VALKEY_ADDR" })
      .describe("host:port of Valkey; of all Sentinels, or of some cluster nodes; empty: none"),
    mode: z
      .enum(["standalone", "sentinel", "cluster"])
      .default("standalone")
      .meta({ env: "VALKEY_MODE" })
      .describe("what addr names"),
    username: text().meta({ env: "VALKEY_USERNAME" }).describe("ACL user; empty: default"),
    password_env: text()
      .meta({ env: "VALKEY_PASSWORD_ENV" })
      .describe("name of the variable that holds the password"),
    db: z.int().min(0).default(0).meta({ env: "VALKEY_DB" }).describe("database number"),
    tls: TlsSection.prefault({}),
    sentinel: SentinelSection.prefault({}),
    insecure_allow_plaintext: z
      .boolean()
      .default(false)
      .meta({ env: "VALKEY_INSECURE_ALLOW_PLAINTEXT" })
      .describe("lets tls.enabled be false"),
    ttl_seconds: z
      .int()
      .min(60)
      .max(315_360_000)
      .default(604_800)
      .meta({ env: "VALKEY_TTL_SECONDS" })
      .describe("life of an upload after its last part, embedded state included"),
    dial_timeout: timeout("DIAL", "2s").describe("time for a connection"),
    read_timeout: timeout("READ", "1s").describe("time for an answer, beside write_timeout"),
    write_timeout: timeout("WRITE", "1s").describe("time to send a command"),
    min_idle_conns: z
      .int()
      .min(0)
      .default(2)
      .meta({ env: "VALKEY_MIN_IDLE_CONNS" })
      .describe(ONE_CONNECTION),
    pool_size: z
      .int()
      .min(1)
      .default(16)
      .meta({ env: "VALKEY_POOL_SIZE" })
      .describe(ONE_CONNECTION),
    health_check_interval: durationMs()
      .pipe(z.number().min(100))
      .prefault("30s")
      .meta({ env: "VALKEY_HEALTH_CHECK_INTERVAL" })
      .describe("how often the store is checked and counted"),
    encryption_password_env: text()
      .meta({ env: "VALKEY_ENCRYPTION_PASSWORD_ENV" })
      .describe("no effect: the state key follows from KEYS_SECRET"),
    encrypt_state: z
      .boolean()
      .default(true)
      .meta({ env: "VALKEY_ENCRYPT_STATE" })
      .describe("seals every value at rest, embedded state included"),
    allow_legacy_plaintext_state: z
      .boolean()
      .default(false)
      .meta({ env: "VALKEY_ALLOW_LEGACY_PLAINTEXT_STATE" })
      .describe("also opens values written while encrypt_state was false"),
  })
  .refine((valkey) => valkey.addr === undefined || isProtected(valkey), {
    path: ["tls", "enabled"],
    message: "false needs insecure_allow_plaintext: true (VALKEY_INSECURE_ALLOW_PLAINTEXT)",
  })
  .refine(({ mode, db }) => mode !== "cluster" || db === 0, {
    path: ["db"],
    message: "a cluster has database 0 only",
  });
export type ValkeySection = z.infer<typeof ValkeySection>;

function isProtected(valkey: {
  tls: { enabled: boolean };
  insecure_allow_plaintext: boolean;
}): boolean {
  return valkey.tls.enabled || valkey.insecure_allow_plaintext;
}

/** `multipart_state`: where the state of multipart uploads is kept. */
export const MultipartStateSection = z
  .strictObject({
    embedded: z
      .enum(["auto", "on", "off"])
      .default("auto")
      .meta({ env: "MULTIPART_STATE_EMBEDDED" })
      .describe("state in DATA_DIR; auto: where all roles are one process and Valkey is not set"),
    max_parked_bytes: z
      .int()
      .min(0)
      .default(1_073_741_824)
      .meta({ env: "MULTIPART_STATE_MAX_PARKED_BYTES" })
      .describe("ciphertext of small parts kept in the store until their uploads end"),
    cleanup_interval: durationMs()
      .pipe(z.number().min(1000).max(86_400_000))
      .prefault("15m")
      .meta({ env: "MULTIPART_STATE_CLEANUP_INTERVAL" })
      .describe("how often dead uploads are ended; at most 1/32 of ttl_seconds"),
    valkey: ValkeySection.prefault({}),
  })
  .refine(({ embedded, valkey }) => embedded !== "on" || valkey.addr === undefined, {
    path: ["embedded"],
    message: "on and valkey.addr contradict each other",
  })
  .prefault({});
export type MultipartStateSection = z.infer<typeof MultipartStateSection>;

/** Where the state is kept: undefined where the settings give it no place, which is a refusal to start. */
export function placeOfState(
  { embedded, valkey }: MultipartStateSection,
  isAllInOne: boolean,
): "valkey" | "embedded" | undefined {
  if (valkey.addr !== undefined) return "valkey";
  return embedded === "on" || (embedded === "auto" && isAllInOne) ? "embedded" : undefined;
}
