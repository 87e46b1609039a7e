/** Settings of keys that this process holds itself: `encryption.key_manager.self_contained`. */
import { secret } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import { fromCompact, versionNumber } from "./compact-version.ts";
import type { SettingProblem } from "./setting-problem.ts";

const checkValue = () =>
  z
    .string()
    .regex(/^[0-9a-fA-F]{16}$/, "expected 16 hex digits")
    .optional()
    .describe("check value the key must have, as logged at start");

const AesKeySetting = z.preprocess(
  fromCompact("key_source"),
  z.strictObject({
    version: versionNumber(),
    key_source: secret().describe("env:NAME, file:/path or base64:…, 32 bytes"),
    check_value: checkValue(),
  }),
);

/** Versions and which of them writes; a section with one more field for each. */
interface Versioned {
  readonly keys: readonly { readonly version: number }[];
  readonly active_version?: number | undefined;
}

const areDistinct = ({ keys }: Versioned): boolean =>
  new Set(keys.map(({ version }) => version)).size === keys.length;
const TWICE = { path: ["keys"], message: "a version is given twice" };

const hasActive = ({ keys, active_version }: Versioned): boolean =>
  active_version === undefined || keys.some(({ version }) => version === active_version);
const NONE_OF_THEM = { path: ["active_version"], message: "is none of the versions in keys" };

const AesSection = z
  .strictObject({
    keys: z
      .array(AesKeySetting)
      .default([])
      .meta({ env: "SELF_CONTAINED_AES_KEYS" })
      .describe("versions of the key; as a variable: 1=env:NAME,2=file:/path"),
    active_version: versionNumber()
      .optional()
      .meta({ env: "SELF_CONTAINED_AES_ACTIVE_VERSION" })
      .describe("version that new objects use; default: the highest"),
  })
  .refine(areDistinct, TWICE)
  .refine(hasActive, NONE_OF_THEM);

const RsaKeySetting = z.preprocess(
  fromCompact("private_key_source"),
  z.strictObject({
    version: versionNumber(),
    private_key_source: secret().describe("env:NAME, file:/path or the PEM itself"),
    envelope_auth_key: secret()
      .optional()
      .describe("env:NAME, file:/path or base64:…, 32 bytes; default: follows from the key"),
    check_value: checkValue(),
  }),
);

const RsaSection = z
  .strictObject({
    private_key_source: secret()
      .optional()
      .meta({ env: "SELF_CONTAINED_RSA_PRIVATE_KEY_SOURCE" })
      .describe("the one key: env:NAME, file:/path or the PEM itself, at least 2048 bits"),
    key_version: versionNumber()
      .default(1)
      .meta({ env: "SELF_CONTAINED_RSA_KEY_VERSION" })
      .describe("version of private_key_source"),
    keys: z
      .array(RsaKeySetting)
      .default([])
      .meta({ env: "SELF_CONTAINED_RSA_KEYS" })
      .describe("further versions; as a variable: 1=env:NAME,2=file:/path"),
    active_version: versionNumber()
      .optional()
      .meta({ env: "SELF_CONTAINED_RSA_ACTIVE_VERSION" })
      .describe("version that new objects use; default: the highest"),
  })
  .transform(({ private_key_source, key_version: version, keys, active_version }) => ({
    keys: private_key_source === undefined ? keys : [{ version, private_key_source }, ...keys],
    active_version,
  }))
  .refine(areDistinct, TWICE)
  .refine(hasActive, NONE_OF_THEM);

/** `self_contained`: kind and versions. Both kinds may be there, of which `type` writes; `rsa.keys` has all versions, the single one included. */
export const SelfContainedSection = z.strictObject({
  type: z
    .enum(["", "aes", "rsa"])
    .default("")
    .meta({ env: "SELF_CONTAINED_TYPE" })
    .describe("kind of the keys that write: aes or rsa"),
  aes: AesSection.prefault({}),
  rsa: RsaSection.prefault({}),
});
type SelfContainedSection = z.infer<typeof SelfContainedSection>;

/** What a kind of key needs before it is used. */
export function selfContainedProblems(
  section: SelfContainedSection,
  kind: "aes" | "rsa",
): SettingProblem[] {
  if (section[kind].keys.length > 0) return [];
  return [{ path: ["self_contained", kind, "keys"], message: "needs at least one key" }];
}
