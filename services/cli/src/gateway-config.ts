/** The whole configuration: the sections of every service in one schema, read once from CONFIG_PATH and the environment. */
import { existsSync, readFileSync } from "node:fs";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { BackendSection, commonSettings } from "@s3eg/shared/runtime/common-config.ts";
import { type ConfigSources, loadConfig } from "@s3eg/shared/runtime/config.ts";
import { LimitsSection } from "@s3eg/shared/runtime/limits-config.ts";
import { TracingSection } from "@s3eg/shared/runtime/tracing-config.ts";
import { settingsWithoutEffect } from "@s3eg/shared/runtime/without-effect.ts";
import { z } from "zod";
import { AdminSection } from "../../admin/src/config.ts";
import { AuditSection } from "../../audit/src/config.ts";
import { CryptoSection } from "../../crypto/src/config.ts";
import { LegacySection } from "../../crypto/src/legacy/config.ts";
import { MultipartStateSection, placeOfState } from "../../crypto/src/multipart-state/config.ts";
import { edgeSettings } from "../../edge/src/config.ts";
import { activeStore, holdsKeys } from "../../keys/src/config/configured-stores.ts";
import { EncryptionSection } from "../../keys/src/config.ts";
import { areSelfSufficient, type Role, rolesOf } from "./roles.ts";

/** Environment variables. */
export type Env = Readonly<Record<string, string | undefined>>;

/** The whole configuration. */
export const gatewaySchema = z.strictObject({
  ...commonSettings,
  ...edgeSettings,
  backend: BackendSection.prefault({}),
  encryption: EncryptionSection.prefault({}),
  crypto: CryptoSection.prefault({}),
  multipart_state: MultipartStateSection,
  legacy: LegacySection,
  audit: AuditSection,
  tracing: TracingSection,
  limits: LimitsSection,
  admin: AdminSection,
});

/** Variables of what the gateway no longer does. */
const RETIRED_VARIABLES: ReadonlySet<string> = new Set([
  "COMPRESSION_ENABLED",
  "COMPRESSION_MIN_SIZE",
  "COMPRESSION_CONTENT_TYPES",
  "COMPRESSION_ALGORITHM",
  "COMPRESSION_LEVEL",
]);

/** Every setting, parsed. */
export type GatewayConfig = z.infer<typeof gatewaySchema>;

/**
 * The configuration and the roles of this process, and the names of what is set and has no effect (whoever starts says so once).
 * Throws `config.invalid` with every problem.
 */
export function readGatewayConfig(
  roleNames: readonly string[],
  env: Env,
): { config: GatewayConfig; roles: ReadonlySet<Role>; withoutEffect: readonly string[] } {
  const sources = configSources(env);
  const config = loadConfig(gatewaySchema, sources);
  const roles = rolesOf(roleNames, isBackendConfigured(config));
  const problems = [
    ...problemsOfRoles(config, roles, env),
    ...problemsOfKeys(config, roles),
    ...problemsOfUploads(config, roles),
  ];
  if (problems.length > 0) throw new Fault("config.invalid", problems.join("\n"));
  const withoutEffect = [
    ...settingsWithoutEffect(gatewaySchema, sources),
    ...Object.keys(env).filter((name) => env[name] && RETIRED_VARIABLES.has(name)),
    ...(env.DEBUG === "true" ? ["DEBUG"] : []),
  ];
  return { config, roles, withoutEffect };
}

/**
 * As `readGatewayConfig` for one role, or, where its settings alone are refused, for a gateway in one process: tools run beside
 * either. Throws what is wrong with the latter.
 */
export function readToolConfig(role: Role, env: Env): ReturnType<typeof readGatewayConfig> {
  try {
    return readGatewayConfig([role], env);
  } catch (error) {
    if (!isFault(error, "config.invalid")) throw error;
    return readGatewayConfig(["edge", "crypto", "keys"], env);
  }
}

/** True if there is an S3 server to talk to; otherwise the demo store takes its place. */
function isBackendConfigured({ backend }: GatewayConfig): boolean {
  return (
    backend.endpoint !== undefined ||
    backend.access_key !== undefined ||
    backend.provider !== undefined
  );
}

/** Where the configuration lies, should there be a file of it. */
export function configPath(env: Env): string {
  return env.CONFIG_PATH || "config.yaml";
}

/** The file, as far as there is one, and the environment. Throws `config.invalid` where CONFIG_PATH names none that can be read. */
export function configSources(env: Env): ConfigSources {
  return { ...configFile(env), env };
}

function configFile(env: Env): { yamlText?: string; yamlName?: string } {
  const path = configPath(env);
  if (!env.CONFIG_PATH && !existsSync(path)) return {};
  try {
    return { yamlText: readFileSync(path, "utf8"), yamlName: path };
  } catch (cause) {
    throw new Fault("config.invalid", `CONFIG_PATH ${path} can't be read`, { cause });
  }
}

/** What only shows when the settings of several services are seen together. */
function problemsOfRoles(config: GatewayConfig, roles: ReadonlySet<Role>, env: Env): string[] {
  const problems: string[] = [];
  const isDistributed = !areSelfSufficient(roles);
  if (isDistributed && config.nats.url === undefined) {
    problems.push(
      "nats.url (NATS_URL): needed where edge, crypto and keys are not all roles of this process",
    );
  }
  if (roles.has("dev-store") && env.NODE_ENV === "production") {
    problems.push(
      "dev-store: the demo store refuses NODE_ENV=production; set backend.endpoint (BACKEND_ENDPOINT)",
    );
  }
  if (roles.has("dev-store") && isBackendConfigured(config)) {
    problems.push(
      "dev-store: the demo store takes the place of a backend, and backend.* names one",
    );
  }
  return problems;
}

/** Uploads without a place for their state would have to be refused one by one: better at once (ARCHITECTURE.md, "Settings"). */
function problemsOfUploads(config: GatewayConfig, roles: ReadonlySet<Role>): string[] {
  const { multipart_state, server } = config;
  if (!roles.has("crypto") || server.disable_multipart_uploads) return [];
  if (placeOfState(multipart_state, areSelfSufficient(roles))) return [];
  return [
    "multipart_state.valkey.addr (VALKEY_ADDR): needed for the state of multipart uploads where edge, crypto and keys are not all roles of this process, or embedded state is off; server.disable_multipart_uploads (SERVER_DISABLE_MULTIPART_UPLOADS) does without them",
  ];
}

/** No KEK where it has no business, and none that would be passed over. */
function problemsOfKeys({ encryption }: GatewayConfig, roles: ReadonlySet<Role>): string[] {
  const { enabled, self_contained } = encryption.key_manager;
  if (!roles.has("keys")) {
    return holdsKeys(encryption)
      ? [
          "encryption.key_manager, encryption.password, encryption.former_passwords: belong to keys alone; this process does not play that role and must not hold a KEK",
        ]
      : [];
  }
  if (enabled) return [];
  if (self_contained.aes.keys.length > 0 || self_contained.rsa.keys.length > 0) {
    return [
      "encryption.key_manager.enabled (KEY_MANAGER_ENABLED): keys are configured and would not be used; set it to true",
    ];
  }
  return roles.has("dev-store") || activeStore(encryption) !== undefined
    ? []
    : [
        "encryption.key_manager.enabled (KEY_MANAGER_ENABLED): needed, or a password; only the demo makes up a key",
      ];
}
