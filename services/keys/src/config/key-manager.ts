/** Settings of the key stores: `encryption.key_manager`. One file beside this one for each. */
import { durationMs, secret } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import { AwsKmsSection } from "./aws-kms.ts";
import { AzureKeyVaultSection } from "./azure-key-vault.ts";
import { CosmianSection } from "./cosmian.ts";
import { GcpKmsSection } from "./gcp-kms.ts";
import { OpenbaoSection } from "./openbao.ts";
import { Pkcs11Section } from "./pkcs11.ts";
import { PolicyKeys } from "./policy-keys.ts";
import { CircuitBreakerSection, RetrySection } from "./resilience.ts";
import { SelfContainedSection } from "./self-contained.ts";

/** Every name of a key store. */
const PROVIDER_SETTINGS = [
  "cosmian",
  "kmip",
  "memory",
  "hsm",
  "pkcs11",
  "self_contained",
  "aws-kms",
  "azure-key-vault",
  "gcp-kms",
  "openbao",
  "openbao-transit",
  "vault",
  "vault-transit",
  "password",
] as const;

const DekCacheSection = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .meta({ env: "KMS_DEK_CACHE_ENABLED" })
      .describe(
        "crypto keeps unwrapped data keys for a while; reads then go on while the key store is away",
      ),
    ttl: durationMs()
      .prefault("0")
      .meta({ env: "KMS_DEK_CACHE_TTL" })
      .describe("how long one is kept at most"),
    max_entries: z
      .int()
      .min(0)
      .default(0)
      .meta({ env: "KMS_DEK_CACHE_MAX_ENTRIES" })
      .describe("how many are kept at most"),
    cleanup_interval: durationMs()
      .prefault("0")
      .meta({ env: "KMS_DEK_CACHE_CLEANUP_INTERVAL" })
      .describe("how often those that are over are overwritten; 0: every minute"),
  })
  .refine(({ enabled, ttl, max_entries }) => !enabled || (ttl > 0 && max_entries > 0), {
    path: ["enabled"],
    message: "needs a ttl above 0 and max_entries of 1 at least",
  });

const RotationPolicySection = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .meta({ env: "KEY_MANAGER_ROTATION_POLICY_ENABLED" })
    .describe("grace_window holds for rotations over the admin API"),
  grace_window: durationMs()
    .prefault("0")
    .meta({ env: "KEY_MANAGER_ROTATION_GRACE_WINDOW" })
    .describe("how long a rotation that names no grace_period waits for wraps under way; 0: 30s"),
});

/** `key_manager`: which key store writes, and the settings of all. Those beside the active one that are configured read. */
export const KeyManagerSection = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .meta({ env: "KEY_MANAGER_ENABLED" })
    .describe("wraps data keys under the keys configured here; false: under the password"),
  provider: z
    .enum(PROVIDER_SETTINGS)
    .default("cosmian")
    .meta({ env: "KEY_MANAGER_PROVIDER" })
    .describe("key store of new objects"),
  policy_keys: PolicyKeys,
  self_contained: SelfContainedSection.prefault({}),
  cosmian: CosmianSection.prefault({}),
  openbao: OpenbaoSection.prefault({}),
  aws_kms: AwsKmsSection.prefault({}),
  azure_key_vault: AzureKeyVaultSection.prefault({}),
  gcp_kms: GcpKmsSection.prefault({}),
  pkcs11: Pkcs11Section.prefault({}),
  memory: z
    .strictObject({
      master_key_source: secret()
        .optional()
        .meta({ env: "MEMORY_KM_MASTER_KEY_SOURCE" })
        .describe("env:NAME, file:/path or the key itself: reads what it wrapped in format 1"),
    })
    .prefault({}),
  health_check_interval: durationMs()
    .pipe(z.number().max(3_600_000))
    .prefault("0")
    .transform((ms) => ms || 30_000)
    .meta({ env: "KMS_HEALTH_CHECK_INTERVAL" })
    .describe("how long a key store that was found healthy counts as healthy; 0: 30s"),
  dual_read_window: z
    .int()
    .min(0)
    .default(1)
    .meta({ env: "KEY_MANAGER_DUAL_READ_WINDOW" })
    .describe("KMIP, format 1: how many other keys are tried after the one an object names"),
  rotation_policy: RotationPolicySection.prefault({}),
  retry: RetrySection.prefault({}),
  circuit_breaker: CircuitBreakerSection.prefault({}),
  dek_cache: DekCacheSection.prefault({}),
});
export type KeyManagerSection = z.infer<typeof KeyManagerSection>;
