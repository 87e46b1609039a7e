/** Which key stores the settings ask for: the one that writes, and those that read beside it. */
import type { Provider } from "@s3eg/shared/format/layout.ts";
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import { awsKmsProblems } from "./aws-kms.ts";
import { azureKeyVaultProblems } from "./azure-key-vault.ts";
import { cosmianProblems } from "./cosmian.ts";
import { gcpKmsProblems } from "./gcp-kms.ts";
import type { KeyManagerSection } from "./key-manager.ts";
import { openbaoProblems } from "./openbao.ts";
import { pkcs11Problems } from "./pkcs11.ts";
import { policyKeyProblems } from "./policy-keys.ts";
import { selfContainedProblems } from "./self-contained.ts";
import type { SettingProblem } from "./setting-problem.ts";

/** What of `encryption` says where KEKs are. */
export interface KeySettings {
  readonly password?: Secret | undefined;
  readonly key_file?: string | undefined;
  readonly former_passwords: readonly unknown[];
  readonly key_manager: KeyManagerSection;
}

/** How the settings of one key store are looked at. */
interface StoreSettings {
  /** True if its section says enough that it must be meant. */
  readonly isConfigured: (settings: KeySettings) => boolean;
  /** What it lacks to be used; paths from `encryption.key_manager` on. */
  readonly problems: (settings: KeySettings) => SettingProblem[];
}

/** Every key store there is, by the name headers give it. A row here needs one in custody/configured-custodian.ts. */
const KEY_STORES = {
  aes: {
    isConfigured: ({ key_manager }) => key_manager.self_contained.aes.keys.length > 0,
    problems: ({ key_manager }) => selfContainedProblems(key_manager.self_contained, "aes"),
  },
  rsa: {
    isConfigured: ({ key_manager }) => key_manager.self_contained.rsa.keys.length > 0,
    problems: ({ key_manager }) => selfContainedProblems(key_manager.self_contained, "rsa"),
  },
  kmip: {
    isConfigured: ({ key_manager }) => key_manager.cosmian.endpoint !== undefined,
    problems: ({ key_manager }) => cosmianProblems(key_manager.cosmian),
  },
  transit: {
    isConfigured: ({ key_manager }) => key_manager.openbao.address !== undefined,
    problems: ({ key_manager }) => openbaoProblems(key_manager.openbao),
  },
  "aws-kms": {
    isConfigured: ({ key_manager }) => key_manager.aws_kms.keys.length > 0,
    problems: ({ key_manager }) => awsKmsProblems(key_manager.aws_kms),
  },
  azure: {
    isConfigured: ({ key_manager }) => key_manager.azure_key_vault.keys.length > 0,
    problems: ({ key_manager }) => azureKeyVaultProblems(key_manager.azure_key_vault),
  },
  gcp: {
    isConfigured: ({ key_manager }) => key_manager.gcp_kms.keys.length > 0,
    problems: ({ key_manager }) => gcpKmsProblems(key_manager.gcp_kms),
  },
  pkcs11: {
    isConfigured: ({ key_manager }) => key_manager.pkcs11.module !== undefined,
    problems: ({ key_manager }) => pkcs11Problems(key_manager.pkcs11),
  },
  password: {
    isConfigured: hasPassword,
    problems: (settings) =>
      hasPassword(settings)
        ? []
        : [{ path: ["provider"], message: "password needs encryption.password or .key_file" }],
  },
} as const satisfies Record<Provider, StoreSettings>;

/** The key stores of this version. */
export type KeyStore = keyof typeof KEY_STORES;

/** Names in headers of the key stores that have a name of their own in `provider`. */
const PROVIDER_OF = {
  cosmian: "kmip",
  kmip: "kmip",
  hsm: "pkcs11",
  pkcs11: "pkcs11",
  "aws-kms": "aws-kms",
  "azure-key-vault": "azure",
  "gcp-kms": "gcp",
  openbao: "transit",
  "openbao-transit": "transit",
  vault: "transit",
  "vault-transit": "transit",
  password: "password",
} as const satisfies Partial<Record<KeyManagerSection["provider"], Provider>>;

/** The key store that new objects use; undefined where none is configured. */
export function activeStore(settings: KeySettings): KeyStore | undefined {
  const { enabled, provider, self_contained } = settings.key_manager;
  if (!enabled) return hasPassword(settings) ? "password" : undefined;
  if (provider === "self_contained") return self_contained.type || undefined;
  return provider === "memory" ? undefined : PROVIDER_OF[provider];
}

/** The key stores that only read: configured, and not the active one. None where the key manager is off. */
export function readingStores(settings: KeySettings): KeyStore[] {
  const active = activeStore(settings);
  if (!settings.key_manager.enabled) return [];
  return storeNames().filter((name) => name !== active && storeOf(name).isConfigured(settings));
}

/** True if the settings hold a KEK or the way to one, whether it is used or not: only keys may have such settings. */
export function holdsKeys(settings: KeySettings): boolean {
  const { enabled, memory } = settings.key_manager;
  return (
    enabled ||
    settings.former_passwords.length > 0 ||
    memory.master_key_source !== undefined ||
    storeNames().some((name) => storeOf(name).isConfigured(settings))
  );
}

/** Everything that keeps the configured key stores from being used. */
export function keyStoreProblems(settings: KeySettings): SettingProblem[] {
  const { enabled, provider, self_contained } = settings.key_manager;
  if (!enabled) return [];
  if (provider === "memory") {
    const message = "memory loses every key at a restart and is refused; use self_contained";
    return [{ path: ["provider"], message }];
  }
  if (provider === "self_contained" && self_contained.type === "") {
    return [{ path: ["self_contained", "type"], message: "is needed: aes or rsa" }];
  }
  const active = activeStore(settings);
  const used = [...(active ? [active] : []), ...readingStores(settings)];
  return [
    ...used.flatMap((name) => storeOf(name).problems(settings)),
    ...policyKeyProblems(settings.key_manager.policy_keys, new Set(used)),
  ];
}

function hasPassword({ password, key_file }: KeySettings): boolean {
  return password !== undefined || key_file !== undefined;
}

function storeOf(name: KeyStore): StoreSettings {
  return KEY_STORES[name];
}

function storeNames(): KeyStore[] {
  return Object.keys(KEY_STORES).filter(isKeyStore);
}

function isKeyStore(name: string | undefined): name is KeyStore {
  return name !== undefined && Object.hasOwn(KEY_STORES, name);
}
