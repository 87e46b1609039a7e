/** The credential store from everything that can name a credential: YAML, a file of its own, numbered variables. */
import { readFileSync } from "node:fs";
import { Fault } from "@s3eg/shared/faults.ts";
import { loadConfig } from "@s3eg/shared/runtime/config.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { z } from "zod";
import { type CredentialSetting, credentialList } from "../config.ts";
import type { Credential } from "./credentials.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** A credential, and the secret of its own backend identity where it has one. */
export interface ConfiguredCredential extends Credential {
  readonly identitySecret?: Secret;
}

/**
 * All configured credentials: `auth.credentials`, AUTH_CREDENTIALS_FILE, `GW_CRED_N_ACCESS_KEY`/`_SECRET_KEY` (N = 0, 1, …) and
 * `GW_ACCESS_KEY_n`/`GW_SECRET_KEY_n`. Two different secrets for one access key, half a pair or a missing variable is `config.invalid`.
 */
export function configuredCredentials(
  settings: readonly CredentialSetting[],
  env: Env,
): ConfiguredCredential[] {
  const credentials = [
    ...settings.map((setting) => fromSetting(setting, env)),
    ...fromFile(env).map((setting) => fromSetting(setting, env)),
    ...fromVariables(
      env,
      (n) => `GW_CRED_${n}_ACCESS_KEY`,
      (n) => `GW_CRED_${n}_SECRET_KEY`,
    ),
    ...fromVariables(
      env,
      (n) => `GW_ACCESS_KEY_${n}`,
      (n) => `GW_SECRET_KEY_${n}`,
    ),
  ];
  const seen = new Map<string, ConfiguredCredential>();
  for (const credential of credentials) {
    const other = seen.get(credential.accessKey);
    if (other && !isSame(other, credential)) {
      throw invalid(
        `access key ${credential.accessKey} is configured twice with different secrets or backend identities`,
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
    one.identitySecret?.reveal() === other.identitySecret?.reveal()
  );
}

function fromSetting(setting: CredentialSetting, env: Env): ConfiguredCredential {
  const secretKey = setting.secret_key ?? fromVariable(setting, env);
  return {
    accessKey: setting.access_key,
    secretKey,
    ...(setting.label === undefined ? {} : { label: setting.label }),
    ...(setting.backend_access_key === undefined ? {} : { identity: setting.backend_access_key }),
    ...(setting.backend_secret_key === undefined
      ? {}
      : { identitySecret: setting.backend_secret_key }),
  };
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

/** Pairs of variables whose names differ in one word. Half a pair is refused, whichever half it is. */
function fromVariables(
  env: Env,
  accessName: (n: string) => string,
  secretName: (n: string) => string,
): ConfiguredCredential[] {
  const name = new RegExp(`^(?:${accessName("(\\d+)")}|${secretName("(\\d+)")})$`);
  const numbers = Object.keys(env).flatMap((variable) => {
    const [, ofAccess, ofSecret] = name.exec(variable) ?? [];
    const n = ofAccess ?? ofSecret;
    return n === undefined || !env[variable] ? [] : [n];
  });
  return [...new Set(numbers)]
    .sort((a, b) => Number(a) - Number(b))
    .map((n) => {
      const [accessKey, secret] = [env[accessName(n)], env[secretName(n)]];
      if (!accessKey) throw invalid(`${accessName(n)} is not set`);
      if (!secret) throw invalid(`${secretName(n)} is not set`);
      return { accessKey, secretKey: new Secret(secret), label: `helm-cred-${n}` };
    });
}

function invalid(message: string): Fault {
  return new Fault("config.invalid", message);
}
