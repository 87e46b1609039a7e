/** Where credentials are written: the settings, a file of its own, numbered variables. Read here for all who need a part of them. */
import { readFileSync } from "node:fs";
import { Fault } from "@s3eg/shared/faults.ts";
import { loadConfig } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import { type CredentialSetting, credentialList } from "../config.ts";

/** Environment variables. */
export type Env = Readonly<Record<string, string | undefined>>;

/** The variables of one credential. */
export interface VariableNames {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly backendAccessKey: string;
  readonly backendSecretKey: string;
  readonly buckets: string;
  readonly permissions: string;
  readonly bucketPermissions: string;
  readonly clientCertFingerprint: string;
  readonly clientCertSubject: string;
  readonly clientCertDns: string;
  readonly clientCertUri: string;
}

const HELM_NAMES = (n: string): VariableNames => ({
  accessKey: `GW_CRED_${n}_ACCESS_KEY`,
  secretKey: `GW_CRED_${n}_SECRET_KEY`,
  backendAccessKey: `GW_CRED_${n}_BACKEND_ACCESS_KEY`,
  backendSecretKey: `GW_CRED_${n}_BACKEND_SECRET_KEY`,
  buckets: `GW_CRED_${n}_BUCKETS`,
  permissions: `GW_CRED_${n}_PERMISSIONS`,
  bucketPermissions: `GW_CRED_${n}_BUCKET_PERMISSIONS`,
  clientCertFingerprint: `GW_CRED_${n}_CLIENT_CERT_FINGERPRINT`,
  clientCertSubject: `GW_CRED_${n}_CLIENT_CERT_SUBJECT`,
  clientCertDns: `GW_CRED_${n}_CLIENT_CERT_DNS`,
  clientCertUri: `GW_CRED_${n}_CLIENT_CERT_URI`,
});

const PLAIN_NAMES = (n: string): VariableNames => ({
  accessKey: `GW_ACCESS_KEY_${n}`,
  secretKey: `GW_SECRET_KEY_${n}`,
  backendAccessKey: `GW_BACKEND_ACCESS_KEY_${n}`,
  backendSecretKey: `GW_BACKEND_SECRET_KEY_${n}`,
  buckets: `GW_BUCKETS_${n}`,
  permissions: `GW_PERMISSIONS_${n}`,
  bucketPermissions: `GW_BUCKET_PERMISSIONS_${n}`,
  clientCertFingerprint: `GW_CLIENT_CERT_FINGERPRINT_${n}`,
  clientCertSubject: `GW_CLIENT_CERT_SUBJECT_${n}`,
  clientCertDns: `GW_CLIENT_CERT_DNS_${n}`,
  clientCertUri: `GW_CLIENT_CERT_URI_${n}`,
});

/** The variables of one credential, and its number. */
export interface NumberedVariables {
  readonly n: string;
  readonly names: VariableNames;
}

/** Every number that a variable of either kind has: `GW_CRED_N_…` first, by number. Empty variables are not there. */
export function numberedVariables(env: Env): NumberedVariables[] {
  return [HELM_NAMES, PLAIN_NAMES].flatMap((namesOf) => {
    const pattern = new RegExp(`^(?:${Object.values(namesOf("(\\d+)")).join("|")})$`);
    const numbers = Object.keys(env).flatMap((variable) => {
      const digits = pattern
        .exec(variable)
        ?.slice(1)
        .find((group) => group !== undefined);
      return digits === undefined || !env[variable] ? [] : [digits];
    });
    return [...new Set(numbers)]
      .sort((a, b) => Number(a) - Number(b))
      .map((n) => ({ n, names: namesOf(n) }));
  });
}

/** A variable that must be set; `config.invalid` if it is not. */
export function requiredVariable(env: Env, name: string): string {
  const value = env[name];
  if (!value) throw new Fault("config.invalid", `${name} is not set`);
  return value;
}

/** A variable that is a list; `undefined` if it is not set. */
export function listVariable(text: string | undefined): string[] | undefined {
  if (!text) return undefined;
  const names = text.split(",").map((name) => name.trim());
  return names.filter((name) => name !== "");
}

/** The list that AUTH_CREDENTIALS_FILE names, if it names one; `config.invalid` where it can't be read. */
export function credentialsFile(env: Env): CredentialSetting[] {
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
