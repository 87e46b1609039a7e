/** The backend identities that credentials bring along, with their secrets. A process that talks to the backend and to no client needs these alone. */
import { Fault } from "@s3eg/shared/faults.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import type { CredentialSetting } from "../config.ts";
import {
  credentialsFile,
  type Env,
  numberedVariables,
  requiredVariable,
  type VariableNames,
} from "./credential-sources.ts";
import { ANONYMOUS } from "./credentials.ts";

/** A backend identity of a credential. */
export interface ConfiguredIdentity {
  /** Its access key. */
  readonly identity: string;
  readonly identitySecret: Secret;
}

/**
 * All identities, by what `configuredCredentials` reads; what is said of clients is not looked at, so their secrets need not be there.
 * Half a pair, or two secrets for one access key, is `config.invalid`.
 */
export function configuredIdentities(
  settings: readonly CredentialSetting[],
  env: Env,
): ConfiguredIdentity[] {
  const identities = [
    ...[...settings, ...credentialsFile(env)].map(identityOfSetting),
    ...numberedVariables(env).map(({ names }) => numberedIdentity(env, names)),
  ];
  return uniqueIdentities(identities);
}

/** Each identity once; `config.invalid` where one is given twice with different secrets. */
export function uniqueIdentities(
  identities: readonly Partial<ConfiguredIdentity>[],
): ConfiguredIdentity[] {
  const seen = new Map<string, ConfiguredIdentity>();
  for (const { identity, identitySecret } of identities) {
    if (identity === undefined || identitySecret === undefined) continue;
    const other = seen.get(identity);
    if (other && other.identitySecret.reveal() !== identitySecret.reveal()) {
      throw new Fault(
        "config.invalid",
        `backend access key ${identity} is configured twice with different secrets`,
      );
    }
    seen.set(identity, { identity, identitySecret });
  }
  return [...seen.values()];
}

/** The identity of a credential in YAML; nothing if it has none. */
export function identityOfSetting({
  backend_access_key: accessKey,
  backend_secret_key: secretKey,
}: CredentialSetting): Partial<ConfiguredIdentity> {
  return accessKey === undefined || secretKey === undefined ? {} : named(accessKey, secretKey);
}

/** The identity of a credential in numbered variables; nothing if it has none. */
export function numberedIdentity(env: Env, names: VariableNames): Partial<ConfiguredIdentity> {
  if (!env[names.backendAccessKey] && !env[names.backendSecretKey]) return {};
  const secret = new Secret(requiredVariable(env, names.backendSecretKey));
  return named(requiredVariable(env, names.backendAccessKey), secret);
}

function named(identity: string, identitySecret: Secret): ConfiguredIdentity {
  if (identity !== ANONYMOUS) return { identity, identitySecret };
  // That name means to the backend client: do not sign.
  throw new Fault("config.invalid", `a backend access key can't be called ${ANONYMOUS}`);
}
