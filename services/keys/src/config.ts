/** Settings of keys: `encryption.*`, under the names users have. */
import { durationMs, secret } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";

const KEPT = "no effect: accepted so that present files load";
const LATER = "not supported yet";

const text = () => z.string().optional();
const section = () => z.record(z.string(), z.unknown()).optional();
const flag = (initial: boolean) => z.boolean().default(initial);

/** `1=env:NAME`, the compact form of SELF_CONTAINED_AES_KEYS, as the YAML form has it. */
function fromCompact(entry: unknown, context: z.RefinementCtx): unknown {
  if (typeof entry !== "string") return entry;
  const [, version, key_source] = /^(\d+)=(.+)$/s.exec(entry) ?? [];
  if (version !== undefined) return { version: Number(version), key_source };
  const message = "expected a version and a key source, such as 1=env:NAME";
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}

const AesKeySetting = z.preprocess(
  fromCompact,
  z.strictObject({
    version: z.int().min(1).max(0xffff_ffff),
    key_source: secret().describe("env:NAME, file:/path or base64:…, 32 bytes"),
    check_value: z
      .string()
      .regex(/^[0-9a-fA-F]{16}$/, "expected 16 hex digits")
      .optional()
      .describe("check value the key must have, as logged at start"),
  }),
);

const AesSection = z
  .strictObject({
    keys: z
      .array(AesKeySetting)
      .default([])
      .meta({ env: "SELF_CONTAINED_AES_KEYS" })
      .describe("versions of the key; as a variable: 1=env:NAME,2=file:/path"),
    active_version: z
      .int()
      .min(1)
      .optional()
      .meta({ env: "SELF_CONTAINED_AES_ACTIVE_VERSION" })
      .describe("version that new objects use; default: the highest"),
  })
  .refine(({ keys }) => new Set(keys.map(({ version }) => version)).size === keys.length, {
    path: ["keys"],
    message: "a version is given twice",
  })
  .refine(
    ({ keys, active_version }) =>
      active_version === undefined || keys.some(({ version }) => version === active_version),
    { path: ["active_version"], message: "is none of the versions in keys" },
  );

const KeyManagerSection = z
  .strictObject({
    enabled: flag(false)
      .meta({ env: "KEY_MANAGER_ENABLED" })
      .describe("wrap data keys under the keys configured here"),
    provider: z
      .string()
      .default("cosmian")
      .meta({ env: "KEY_MANAGER_PROVIDER" })
      .describe("where keys are kept: self_contained"),
    self_contained: z
      .strictObject({
        type: z
          .string()
          .default("")
          .meta({ env: "SELF_CONTAINED_TYPE" })
          .describe("kind of the keys: aes"),
        aes: AesSection.prefault({}),
        rsa: section().describe(LATER),
      })
      .prefault({}),
    health_check_interval: durationMs()
      .prefault("0")
      .meta({ env: "KMS_HEALTH_CHECK_INTERVAL" })
      .describe(KEPT),
    dual_read_window: z
      .int()
      .default(1)
      .meta({ env: "KEY_MANAGER_DUAL_READ_WINDOW" })
      .describe(KEPT),
    rotation_policy: section().describe(KEPT),
    cosmian: section().describe(LATER),
    memory: section().describe(LATER),
    openbao: section().describe(LATER),
    retry: section().describe(LATER),
    circuit_breaker: section().describe(LATER),
    dek_cache: section().describe(LATER),
  })
  .superRefine(({ enabled, provider, self_contained: { type, aes } }, context) => {
    if (!enabled) return;
    const refuse = (path: string[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    if (provider !== "self_contained") {
      refuse(["provider"], "is not supported yet: use self_contained");
    } else if (type !== "aes") {
      refuse(["self_contained", "type"], "is not supported yet: use aes");
    } else if (aes.keys.length === 0) {
      refuse(["self_contained", "aes", "keys"], "needs at least one key");
    }
  });

const KdfSection = z.strictObject({
  algorithm: z
    .enum(["pbkdf2-sha256", "argon2id"])
    .default("pbkdf2-sha256")
    .meta({ env: "ENCRYPTION_KDF_ALGORITHM" })
    .describe(LATER),
  pbkdf2: section().describe(LATER),
  argon2id: section().describe(LATER),
});

const ALGORITHMS = ["AES256-GCM", "ChaCha20-Poly1305"] as const;
const NO_PASSWORD =
  "deriving keys from a password is not supported yet: remove it and configure encryption.key_manager";

/** `encryption`: how objects are sealed, and where the keys are. */
export const EncryptionSection = z
  .strictObject({
    password: secret().optional().meta({ env: "ENCRYPTION_PASSWORD" }).describe(LATER),
    key_file: text().meta({ env: "ENCRYPTION_KEY_FILE" }).describe(LATER),
    preferred_algorithm: z
      .enum(ALGORITHMS)
      .default("AES256-GCM")
      .meta({ env: "ENCRYPTION_PREFERRED_ALGORITHM" })
      .describe("suite of new objects"),
    supported_algorithms: z
      .array(z.enum(ALGORITHMS))
      .default([...ALGORITHMS])
      .meta({ env: "ENCRYPTION_SUPPORTED_ALGORITHMS" })
      .describe(KEPT),
    chunked_mode: flag(true).meta({ env: "ENCRYPTION_CHUNKED_MODE" }).describe(KEPT),
    chunk_size: z.int().default(65_536).meta({ env: "ENCRYPTION_CHUNK_SIZE" }).describe(KEPT),
    allow_unmarked_no_aad_fallback: flag(false)
      .meta({ env: "ENCRYPTION_ALLOW_UNMARKED_NO_AAD_FALLBACK" })
      .describe(KEPT),
    metadata_encryption_key_file: text()
      .meta({ env: "ENCRYPTION_METADATA_KEY_FILE" })
      .describe(KEPT),
    metadata_encryption_key: secret()
      .optional()
      .meta({ env: "ENCRYPTION_METADATA_KEY" })
      .describe(KEPT),
    hardware: z
      .strictObject({
        enable_aesni: flag(true).meta({ env: "HARDWARE_ENABLE_AESNI" }).describe(KEPT),
        enable_armv8_aes: flag(true).meta({ env: "HARDWARE_ENABLE_ARMV8_AES" }).describe(KEPT),
      })
      .prefault({}),
    kdf: KdfSection.prefault({}),
    key_manager: KeyManagerSection.prefault({}),
  })
  .refine(({ password }) => password === undefined, { path: ["password"], message: NO_PASSWORD })
  .refine(({ key_file }) => key_file === undefined, { path: ["key_file"], message: NO_PASSWORD })
  .prefault({});
export type EncryptionSection = z.infer<typeof EncryptionSection>;
