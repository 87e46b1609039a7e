/** Who may come in, and by which policy their buckets are treated: read once, from settings and files. */
import assert from "node:assert/strict";
import type { BackendIdentity } from "@s3eg/shared/backend/credentials.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { SUITE, type SuiteNumber } from "@s3eg/shared/format/layout.ts";
import { Problems } from "@s3eg/shared/runtime/problems.ts";
import { configuredCredentials } from "../../edge/src/auth/configured-credentials.ts";
import {
  configuredIdentities,
  uniqueIdentities,
} from "../../edge/src/auth/configured-identities.ts";
import { configuredPolicies } from "../../edge/src/auth/configured-policies.ts";
import { Credentials } from "../../edge/src/auth/credentials.ts";
import type { Policies } from "../../edge/src/auth/policy.ts";
import type { Env, GatewayConfig } from "./gateway-config.ts";
import type { Role } from "./roles.ts";

/** Clients, policies, and the backend identities that clients bring along. */
export interface Entrance {
  readonly credentials: Credentials;
  readonly policies: Policies;
  readonly identities: readonly BackendIdentity[];
}

/** A password is what every configuration of the gateway of before has: its objects may be there. */
function readsLegacy({ encryption }: GatewayConfig): boolean {
  const { password, key_file, former_passwords } = encryption;
  return password !== undefined || key_file !== undefined || former_passwords.length > 0;
}

/**
 * Reads credentials and policies; throws `config.invalid` with the problems of both. What clients have, edge alone is given: the others
 * need identities.
 */
export function openEntrance(config: GatewayConfig, roles: ReadonlySet<Role>, env: Env): Entrance {
  const problems = new Problems();
  const clients = problems.from(() => clientsOf(config, roles, env));
  const policies = problems.from(() => policiesOf(config, env));
  problems.refuse();
  assert(clients && policies);
  return { ...clients, policies };
}

function clientsOf(
  config: GatewayConfig,
  roles: ReadonlySet<Role>,
  env: Env,
): Pick<Entrance, "credentials" | "identities"> {
  const settings = config.auth.credentials;
  const configured = roles.has("edge") ? configuredCredentials(settings, env) : [];
  const certified = configured.filter(({ certificates = [] }) => certificates.length > 0);
  if (certified.length > 0 && !(config.tls.enabled && config.tls.client_ca_file !== undefined)) {
    const names = certified.map(({ accessKey }) => accessKey).join(", ");
    const message = `tls.client_ca_file (TLS_CLIENT_CA_FILE): needed for the client_certificates of ${names}`;
    throw new Fault("config.invalid", message);
  }
  const identities = roles.has("edge")
    ? uniqueIdentities(configured)
    : configuredIdentities(settings, env);
  return {
    credentials: new Credentials(configured),
    identities: identities.map(({ identity, identitySecret }) => ({
      accessKey: identity,
      secretKey: identitySecret,
    })),
  };
}

/** Reads the policies; throws `config.invalid`. */
export function policiesOf(config: GatewayConfig, env: Env): Policies {
  const defaults = {
    ...config.objects,
    preferredAlgorithm: config.encryption.preferred_algorithm,
    contents: readsLegacy(config) ? ("sealed+legacy" as const) : ("sealed" as const),
  };
  const policies = configuredPolicies(config.policies, defaults, env);
  if (config.encryption.fips) refuseUnapproved(policies);
  refuseUnread(policies, config.encryption.supported_algorithms);
  return policies;
}

/** What a policy has written must be read again. */
function refuseUnread(policies: Policies, supported: readonly string[]): void {
  const readable = new Set(supported.map((name) => suiteNamed(name)));
  const named = policies.rules.filter(({ suite }) => !readable.has(suite));
  if (named.length === 0) return;
  const lines = named.map(
    ({ id }) =>
      `policies: "${id}": encryption.preferred_algorithm is not among encryption.supported_algorithms`,
  );
  throw new Fault("config.invalid", lines.join("\n"));
}

function suiteNamed(algorithm: string): SuiteNumber {
  return algorithm === "ChaCha20-Poly1305" ? SUITE.chacha20Poly1305 : SUITE.aes256Gcm;
}

/** The FIPS profile writes AES-256-GCM, whatever a policy prefers. */
function refuseUnapproved(policies: Policies): void {
  const named = policies.rules.filter(({ suite }) => suite !== SUITE.aes256Gcm);
  if (named.length === 0) return;
  const lines = named.map(
    ({ id }) =>
      `policies: "${id}": encryption.preferred_algorithm is not in the FIPS profile (encryption.fips)`,
  );
  throw new Fault("config.invalid", lines.join("\n"));
}
