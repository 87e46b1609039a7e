/** Settings of keys: `encryption.*`, under the names users have. Each key store's are in a file of their own in `config/`. */
import { secret } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import { keyStoreProblems } from "./config/configured-stores.ts";
import { fipsProblems } from "./config/fips.ts";
import { FormerPasswords } from "./config/former-passwords.ts";
import { KdfSection } from "./config/kdf.ts";
import { KeyManagerSection } from "./config/key-manager.ts";

const CHUNKS = "no effect: objects are always sealed in chunks, of 64 KiB (format.md §6)";
const OWN_KEY = "no effect: policy metadata: sealed seals them under the data key of each object";
const BY_ITSELF = "no effect: OpenSSL finds by itself what the CPU has";

const text = () => z.string().optional();
const flag = (initial: boolean) => z.boolean().default(initial);

const ALGORITHMS = ["AES256-GCM", "ChaCha20-Poly1305"] as const;
/** `encryption`: how objects are sealed, and where the keys are. */
export const EncryptionSection = z
  .strictObject({
    password: secret()
      .optional()
      .meta({ env: "ENCRYPTION_PASSWORD" })
      .describe("KEKs are derived from it; beside a key manager it only reads; 12 bytes at least"),
    key_file: text()
      .meta({ env: "ENCRYPTION_KEY_FILE" })
      .describe("file that holds the password, every byte of it"),
    password_version: z
      .int()
      .min(1)
      .max(0xffff_ffff)
      .default(1)
      .meta({ env: "ENCRYPTION_PASSWORD_VERSION" })
      .describe("number of the password: another one for another password"),
    former_passwords: FormerPasswords,
    preferred_algorithm: z
      .enum(ALGORITHMS)
      .default("AES256-GCM")
      .meta({ env: "ENCRYPTION_PREFERRED_ALGORITHM" })
      .describe("suite of new objects"),
    supported_algorithms: z
      .array(z.enum(ALGORITHMS))
      .min(1)
      .default([...ALGORITHMS])
      .meta({ env: "ENCRYPTION_SUPPORTED_ALGORITHMS" })
      .describe("suites that are read: objects sealed with another one are refused"),
    fips: flag(false)
      .meta({ env: "FIPS" })
      .describe(
        "FIPS profile: AES-256-GCM, HKDF and HMAC with SHA-256, RSA-OAEP-SHA256, PBKDF2 and P-256 only, and self-tests at the start",
      ),
    chunked_mode: flag(true).meta({ env: "ENCRYPTION_CHUNKED_MODE" }).describe(CHUNKS),
    chunk_size: z.int().default(65_536).meta({ env: "ENCRYPTION_CHUNK_SIZE" }).describe(CHUNKS),
    allow_unmarked_no_aad_fallback: flag(false)
      .meta({ env: "ENCRYPTION_ALLOW_UNMARKED_NO_AAD_FALLBACK" })
      .describe("former name of legacy.accept_forgeable"),
    metadata_encryption_key_file: text()
      .meta({ env: "ENCRYPTION_METADATA_KEY_FILE" })
      .describe(OWN_KEY),
    metadata_encryption_key: secret()
      .optional()
      .meta({ env: "ENCRYPTION_METADATA_KEY" })
      .describe(OWN_KEY),
    hardware: z
      .strictObject({
        enable_aesni: flag(true).meta({ env: "HARDWARE_ENABLE_AESNI" }).describe(BY_ITSELF),
        enable_armv8_aes: flag(true).meta({ env: "HARDWARE_ENABLE_ARMV8_AES" }).describe(BY_ITSELF),
      })
      .prefault({}),
    kdf: KdfSection.prefault({}),
    key_manager: KeyManagerSection.prefault({}),
  })
  .refine(({ password, key_file }) => password === undefined || key_file === undefined, {
    path: ["key_file"],
    message: "password and key_file are both given: which one is meant?",
  })
  .refine(
    ({ password_version, former_passwords }) =>
      former_passwords.every(({ version }) => version !== password_version),
    { path: ["former_passwords"], message: "has the number of the password (password_version)" },
  )
  .refine(
    ({ preferred_algorithm, supported_algorithms }) =>
      supported_algorithms.includes(preferred_algorithm),
    { path: ["supported_algorithms"], message: "must have preferred_algorithm" },
  )
  .superRefine((settings, context) => {
    for (const { path, message } of keyStoreProblems(settings)) {
      context.addIssue({ code: "custom", path: ["key_manager", ...path], message });
    }
  })
  .superRefine((settings, context) => {
    for (const { path, message } of fipsProblems(settings)) {
      context.addIssue({ code: "custom", path: [...path], message });
    }
  })
  .prefault({});
export type EncryptionSection = z.infer<typeof EncryptionSection>;
