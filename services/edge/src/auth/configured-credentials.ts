/** The credential store from everything that can name a credential: YAML, a file of its own, numbered variables. */
import { isDeepStrictEqual } from "node:util";
import { Fault } from "@s3eg/shared/faults.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { clientCertificate } from "../config/client-certificate.ts";
import type { CredentialSetting } from "../config.ts";
import {
  type ConfiguredIdentity,
  identityOfSetting,
  numberedIdentity,
} from "./configured-identities.ts";
import { configuredRights } from "./configured-rights.ts";
import {
  credentialsFile,
  type Env,
  listVariable,
  type NumberedVariables,
  numberedVariables,
  requiredVariable,
  type VariableNames,
} from "./credential-sources.ts";
import type { Credential } from "./credentials.ts";

/** A credential, and its own backend identity where it has one. */
export interface ConfiguredCredential extends Credential, Partial<ConfiguredIdentity> {}

/**
 * All configured credentials: `auth.credentials`, AUTH_CREDENTIALS_FILE, `GW_CRED_N_ACCESS_KEY`/`_SECRET_KEY` (N = 0, 1, …) and
 * `GW_ACCESS_KEY_n`/`GW_SECRET_KEY_n`, with their rights and backend identities. One access key configured twice and not the same way,
 * half a pair or a missing variable is `config.invalid`.
 */
export function configuredCredentials(
  settings: readonly CredentialSetting[],
  env: Env,
): ConfiguredCredential[] {
  const credentials = [
    ...settings.map((setting) => fromSetting(setting, env)),
    ...credentialsFile(env).map((setting) => fromSetting(setting, env)),
    ...numberedVariables(env).map((numbered) => fromNumbered(env, numbered)),
  ];
  const seen = new Map<string, ConfiguredCredential>();
  for (const credential of credentials) {
    const other = seen.get(credential.accessKey);
    if (other && !isSame(other, credential)) {
      throw invalid(
        `access key ${credential.accessKey} is configured twice with different secrets, rights or backend identities`,
      );
    }
    seen.set(credential.accessKey, other ?? credential);
  }
  return [...seen.values()];
}

/** True where two credentials are the same in everything. */
export function isSameCredential(one: ConfiguredCredential, other: ConfiguredCredential): boolean {
  return one.accessKey === other.accessKey && one.label === other.label && isSame(one, other);
}

function isSame(one: ConfiguredCredential, other: ConfiguredCredential): boolean {
  return (
    one.secretKey.reveal() === other.secretKey.reveal() &&
    one.identity === other.identity &&
    one.identitySecret?.reveal() === other.identitySecret?.reveal() &&
    isDeepStrictEqual(one.certificates, other.certificates) &&
    one.rights.isSame(other.rights)
  );
}

function fromSetting(setting: CredentialSetting, env: Env): ConfiguredCredential {
  const secretKey = setting.secret_key ?? fromVariable(setting, env);
  const { buckets, permissions, bucket_permissions: bucketPermissions } = setting;
  return {
    accessKey: setting.access_key,
    secretKey,
    rights: configuredRights(
      { buckets, permissions, bucketPermissions },
      `credential ${setting.access_key}`,
    ),
    ...(setting.label === undefined ? {} : { label: setting.label }),
    ...(setting.client_certificates ? { certificates: setting.client_certificates } : {}),
    ...identityOfSetting(setting),
  };
}

function fromVariable({ access_key, secret_key_env }: CredentialSetting, env: Env): Secret {
  const value = env[secret_key_env ?? ""];
  if (!value) throw invalid(`credential ${access_key}: variable ${secret_key_env} is not set`);
  return new Secret(value);
}

/** Half a pair is refused, whichever half it is, and so is a right that nobody has. */
function fromNumbered(env: Env, { n, names }: NumberedVariables): ConfiguredCredential {
  const accessKey = requiredVariable(env, names.accessKey);
  return {
    accessKey,
    secretKey: new Secret(requiredVariable(env, names.secretKey)),
    label: `helm-cred-${n}`,
    rights: configuredRights(
      {
        buckets: listVariable(env[names.buckets]),
        permissions: permissionsOf(env[names.permissions]),
        bucketPermissions: listVariable(env[names.bucketPermissions]),
      },
      `credential ${accessKey}`,
    ),
    ...certificatesOf(env, names),
    ...numberedIdentity(env, names),
  };
}

/** All variables of a certificate speak of one and the same. */
function certificatesOf(env: Env, names: VariableNames): Pick<Credential, "certificates"> {
  const given = Object.entries({
    fingerprint: names.clientCertFingerprint,
    subject: names.clientCertSubject,
    dns: names.clientCertDns,
    uri: names.clientCertUri,
  }).filter(([, name]) => env[name]);
  if (given.length === 0) return {};
  const wanted = Object.fromEntries(given.map(([what, name]) => [what, env[name]]));
  const parsed = clientCertificate.safeParse(wanted);
  if (parsed.success) return { certificates: [parsed.data] };
  const named = given.map(([, name]) => name).join(", ");
  throw invalid(`${named}: ${parsed.error.issues.map(({ message }) => message).join("; ")}`);
}

function permissionsOf(text: string | undefined): string | string[] | undefined {
  const names = listVariable(text);
  return names?.length === 1 ? names[0] : names;
}

function invalid(message: string): Fault {
  return new Fault("config.invalid", message);
}
