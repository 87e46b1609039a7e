/** Settings of Azure Key Vault and Managed HSM: `encryption.key_manager.azure_key_vault`. Credentials come by the default chain of the Azure SDK. */
import { durationMs, secret } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import { fromCompact, versionNumber } from "./compact-version.ts";
import type { SettingProblem } from "./setting-problem.ts";

const KeySetting = z.preprocess(
  fromCompact("key"),
  z.strictObject({
    version: versionNumber().describe("number of this version of the key in headers of objects"),
    key: z
      .string()
      .describe(
        "name/version or the whole key identifier; with :A256GCM an AES key of a Managed HSM, else an RSA key",
      ),
    envelope_auth_key: secret().optional().describe("as the one of the section, for this version"),
  }),
);

/** `azure_key_vault`; configured where it has a key. */
export const AzureKeyVaultSection = z.strictObject({
  keys: z
    .array(KeySetting)
    .default([])
    .meta({ env: "AZURE_KEY_VAULT_KEYS" })
    .describe(
      "versions of keys, the first one writes; as a variable: 2=name/version,1=name/version",
    ),
  vault_url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ env: "AZURE_KEY_VAULT_URL" })
    .describe("URL of the vault or HSM; default: the one of the key identifiers"),
  envelope_auth_key: secret()
    .optional()
    .meta({ env: "AZURE_KEY_VAULT_ENVELOPE_AUTH_KEY" })
    .describe("for RSA keys: env:NAME, file:/path or base64:…, 32 bytes that Azure never sees"),
  timeout: durationMs()
    .pipe(z.number().min(1).max(60_000))
    .prefault("5s")
    .meta({ env: "AZURE_KEY_VAULT_TIMEOUT" })
    .describe("time for one request"),
});
export type AzureKeyVaultSection = z.infer<typeof AzureKeyVaultSection>;

/** What Azure does with a key: without associated data, or with. */
type AzureAlgorithm = "RSA-OAEP-256" | "A256GCM";

/** A version of a key as a setting names it. */
export interface AzureKeyName {
  /** `https://name.vault.azure.net`, where the setting has it. */
  readonly vault?: string | undefined;
  readonly name: string;
  /** Azure's own, 32 hex digits. */
  readonly azureVersion: string;
  readonly algorithm: AzureAlgorithm;
}

const KEY =
  /^(?:(?<vault>https?:\/\/[\w.-]+(?::\d{1,5})?)\/keys\/)?(?<name>[0-9A-Za-z-]{1,127})\/(?<azureVersion>[0-9a-f]{32})(?<gcm>:A256GCM)?$/;

/** What a setting names; undefined for what is no name with version and no key identifier with version. */
export function azureKeyName(key: string): AzureKeyName | undefined {
  const { vault, name, azureVersion, gcm } = KEY.exec(key)?.groups ?? {};
  if (name === undefined || azureVersion === undefined) return undefined;
  return { vault, name, azureVersion, algorithm: gcm === undefined ? "RSA-OAEP-256" : "A256GCM" };
}

/** The one vault of the settings; undefined where they name none, or several. */
export function azureVault({ keys, vault_url }: AzureKeyVaultSection): string | undefined {
  const named = keys.flatMap(({ key }) => azureKeyName(key)?.vault ?? []);
  const all = vault_url === undefined ? named : [vault_url, ...named];
  const [origin, ...others] = new Set(all.map((url) => new URL(url).origin));
  return others.length === 0 ? origin : undefined;
}

/** What is missing before the keys can be used. */
export function azureKeyVaultProblems(section: AzureKeyVaultSection): SettingProblem[] {
  const { keys, envelope_auth_key } = section;
  const named = keys.map(({ version, key, ...one }) => {
    const name = azureKeyName(key);
    const isRsa = name?.algorithm === "RSA-OAEP-256";
    const hasEnvelopeKey = (one.envelope_auth_key ?? envelope_auth_key) !== undefined;
    return { name, numbered: `${version} ${name?.name}`, lacksKey: isRsa && !hasEnvelopeKey };
  });
  const isDistinct = (of: (one: (typeof named)[number]) => string | undefined) =>
    new Set(named.map(of)).size === keys.length;
  const problem = (isWell: boolean, path: string, message: string) =>
    isWell ? [] : [{ path: ["azure_key_vault", path], message }];
  const areNamed = named.every(({ name }) => name !== undefined);
  const forgeable = "RSA needs it: whoever has the public key could wrap";
  return [
    ...problem(keys.length > 0, "keys", "needs a version of a key"),
    ...problem(areNamed, "keys", "has what is no name/version and no key identifier with version"),
    ...problem(
      !areNamed || isDistinct(({ name }) => name?.azureVersion),
      "keys",
      "has a key version twice",
    ),
    ...problem(
      isDistinct(({ numbered }) => numbered),
      "keys",
      "has a number twice for one key",
    ),
    ...problem(
      !areNamed || keys.length === 0 || azureVault(section) !== undefined,
      "vault_url",
      "must be given, here or in the key identifiers, and be one for all",
    ),
    ...problem(
      named.every(({ lacksKey }) => !lacksKey),
      "envelope_auth_key",
      forgeable,
    ),
  ];
}
