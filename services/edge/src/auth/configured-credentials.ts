/** The credential store from everything that can name a credential: YAML, a file of its own, numbered variables. */
import { readFileSync } from "node:fs";
import { Fault } from "@s3eg/shared/faults.ts";
import { loadConfig } from "@s3eg/shared/runtime/config.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { z } from "zod";
import { type CredentialSetting, credentialList } from "../config.ts";
import { configuredRights } from "./configured-rights.ts";
import { ANONYMOUS, type Credential } from "./credentials.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** A credential, and the secret of its own backend identity where it has one. */
export interface ConfiguredCredential extends Credential {
  readonly identitySecret?: Secret;
}

/** What a credential says in the environment, by the names of its variables. */
interface VariableNames {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly backendAccessKey: string;
  readonly backendSecretKey: string;
  readonly buckets: string;
  readonly permissions: string;
  readonly bucketPermissions: string;
}

const HELM_NAMES = (n: string): VariableNames => ({
  accessKey: `GW_CRED_${n}_ACCESS_KEY`,
  secretKey: `GW_CRED_${n}_SECRET_KEY`,
  backendAccessKey: `GW_CRED_${n}_BACKEND_ACCESS_KEY`,
  backendSecretKey: `GW_CRED_${n}_BACKEND_SECRET_KEY`,
  buckets: `GW_CRED_${n}_BUCKETS`,
  permissions: `GW_CRED_${n}_PERMISSIONS`,
  bucketPermissions: `GW_CRED_${n}_BUCKET_PERMISSIONS`,
});

const PLAIN_NAMES = (n: string): VariableNames => ({
  accessKey: `GW_ACCESS_KEY_${n}`,
  secretKey: `GW_SECRET_KEY_${n}`,
  backendAccessKey: `GW_BACKEND_ACCESS_KEY_${n}`,
  backendSecretKey: `GW_BACKEND_SECRET_KEY_${n}`,
  buckets: `GW_BUCKETS_${n}`,
  permissions: `GW_PERMISSIONS_${n}`,
  bucketPermissions: `GW_BUCKET_PERMISSIONS_${n}`,
});

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
    ...fromFile(env).map((setting) => fromSetting(setting, env)),
    ...fromVariables(env, HELM_NAMES),
    ...fromVariables(env, PLAIN_NAMES),
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

function isSame(one: ConfiguredCredential, other: ConfiguredCredential): boolean {
  return (
    one.secretKey.reveal() === other.secretKey.reveal() &&
    one.identity === other.identity &&
    one.identitySecret?.reveal() === other.identitySecret?.reveal() &&
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
    ...identityOf(setting.backend_access_key, setting.backend_secret_key),
  };
}

function identityOf(
  accessKey: string | undefined,
  secretKey: Secret | undefined,
): Pick<ConfiguredCredential, "identity" | "identitySecret"> {
  if (accessKey === undefined || secretKey === undefined) return {};
  // That name means to the backend client: do not sign.
  if (accessKey === ANONYMOUS) throw invalid(`a backend access key can't be called ${ANONYMOUS}`);
  return { identity: accessKey, identitySecret: secretKey };
}

function fromVariable({ access_key, secret_key_env }: CredentialSetting, env: Env): Secret {
  const value = env[secret_key_env ?? ""];
  if (!value) throw invalid(`credential ${access_key}: variable ${secret_key_env} is not set`);
  return new Secret(value);
}

function fromFile(env: Env): CredentialSetting[] {
  const path = env.AUTH_CREDENTIALS_FILE;
  if (!path) return [];
  let yamlText: string;
  try {
    yamlText = readFileSync(path, "utf8");
  } catch (cause) {
    throw new Fault("config.invalid", `AUTH_CREDENTIALS_FILE ${path} can't be read`, { cause });
  }
  // The file is a bare list: read it as the one section of a document.
  const indented = yamlText.replace(/^---[ \t]*$/m, "").replaceAll(/^/gm, "  ");
  const schema = z.strictObject({ credentials: credentialList });
  return loadConfig(schema, { yamlText: `credentials:\n${indented}`, yamlName: path, env: {} })
    .credentials;
}

/** Credentials of numbered variables. Half a pair is refused, whichever half it is, and so is a right that nobody has. */
function fromVariables(env: Env, namesOf: (n: string) => VariableNames): ConfiguredCredential[] {
  const pattern = new RegExp(`^(?:${Object.values(namesOf("(\\d+)")).join("|")})$`);
  const numbers = Object.keys(env).flatMap((variable) => {
    const n = pattern
      .exec(variable)
      ?.slice(1)
      .find((digits) => digits !== undefined);
    return n === undefined || !env[variable] ? [] : [n];
  });
  return [...new Set(numbers)]
    .sort((a, b) => Number(a) - Number(b))
    .map((n) => fromNumbered(env, namesOf(n), `helm-cred-${n}`));
}

function fromNumbered(env: Env, names: VariableNames, label: string): ConfiguredCredential {
  const required = (name: string): string => {
    const value = env[name];
    if (!value) throw invalid(`${name} is not set`);
    return value;
  };
  const accessKey = required(names.accessKey);
  const hasIdentity = env[names.backendAccessKey] || env[names.backendSecretKey];
  return {
    accessKey,
    secretKey: new Secret(required(names.secretKey)),
    label,
    rights: configuredRights(
      {
        buckets: listOf(env[names.buckets]),
        permissions: permissionsOf(env[names.permissions]),
        bucketPermissions: listOf(env[names.bucketPermissions]),
      },
      `credential ${accessKey}`,
    ),
    ...(hasIdentity
      ? identityOf(required(names.backendAccessKey), new Secret(required(names.backendSecretKey)))
      : {}),
  };
}

function permissionsOf(text: string | undefined): string | string[] | undefined {
  const names = listOf(text);
  return names?.length === 1 ? names[0] : names;
}

function listOf(text: string | undefined): string[] | undefined {
  if (!text) return undefined;
  const names = text.split(",").map((name) => name.trim());
  return names.filter((name) => name !== "");
}

function invalid(message: string): Fault {
  return new Fault("config.invalid", message);
}
