/** Settings of keys: `encryption.*`. What a later part brings (password, other key stores) is refused by name, never ignored. */
import { secret } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";

const aesKey = z.strictObject({
  version: z.int().min(1).max(0xffff_ffff),
  key_source: secret().describe("env:NAME, file:/path or base64:…"),
});

/** `1=env:A,2=file:/k` as a list of keys. A malformed entry is a problem, not a key less. */
const aesKeys = z.preprocess((value) => {
  const entries = Array.isArray(value) ? (value as unknown[]) : [value];
  return entries.map((entry) => {
    const [, version, source] =
      typeof entry === "string" ? (/^(\d+)=(.+)$/s.exec(entry.trim()) ?? []) : [];
    return version === undefined ? entry : { version: Number(version), key_source: source };
  });
}, z.array(aesKey));

const SelfContained = z.strictObject({
  type: z
    .enum(["aes"])
    .optional()
    .meta({ env: "SELF_CONTAINED_TYPE" })
    .describe("kind of key held by this process"),
  aes: z
    .strictObject({
      keys: aesKeys
        .default([])
        .meta({ env: "SELF_CONTAINED_AES_KEYS" })
        .describe("versions of the KEK; as variable: 1=env:X,2=base64:…"),
      active_version: z
        .int()
        .min(1)
        .optional()
        .meta({ env: "SELF_CONTAINED_AES_ACTIVE_VERSION" })
        .describe("version that wraps new data keys; default: the highest"),
    })
    .prefault({}),
});

const KeyManager = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .meta({ env: "KEY_MANAGER_ENABLED" })
    .describe("wrap data keys with a key manager"),
  provider: z
    .enum(["self_contained"], "this version knows the provider self_contained")
    .default("self_contained")
    .meta({ env: "KEY_MANAGER_PROVIDER" })
    .describe("key store that holds the KEKs"),
  self_contained: SelfContained.prefault({}),
});

/** `encryption`: how objects are sealed and who holds the KEKs. */
export const EncryptionSection = z
  .strictObject({
    preferred_algorithm: z
      .enum(["AES256-GCM", "ChaCha20-Poly1305"])
      .default("AES256-GCM")
      .meta({ env: "ENCRYPTION_PREFERRED_ALGORITHM" })
      .describe("cipher of new objects"),
    key_manager: KeyManager.prefault({}),
  })
  .superRefine(({ key_manager: { enabled, self_contained } }, context) => {
    if (!enabled) return;
    const path = ["key_manager", "self_contained", "aes"];
    const versions = self_contained.aes.keys.map(({ version }) => version);
    if (versions.length === 0) {
      context.addIssue({
        code: "custom",
        path: [...path, "keys"],
        message: "needs at least one key",
      });
    }
    if (new Set(versions).size < versions.length) {
      context.addIssue({
        code: "custom",
        path: [...path, "keys"],
        message: "names a version twice",
      });
    }
    const active = self_contained.aes.active_version;
    if (active !== undefined && !versions.includes(active)) {
      context.addIssue({
        code: "custom",
        path: [...path, "active_version"],
        message: "is none of the keys",
      });
    }
  })
  .prefault({});
export type EncryptionSection = z.infer<typeof EncryptionSection>;
