/** What a gateway under test is told: its options, and the settings of its roles that follow from them. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RedisServer } from "./servers/redis.ts";
import type { S3Keys, S3Server } from "./servers/s3-server.ts";
import type { Certified } from "./servers/test-pki.ts";

/** How to start a gateway. */
export interface GatewayOptions {
  readonly backend: S3Server;
  /** Users with the same keys on the gateway and on the backend; without, one user and the backend's own keys. */
  readonly users?: readonly S3Keys[];
  /** More environment, or other values. */
  readonly env?: Readonly<Record<string, string>>;
  /** More configuration, as the YAML file would hold it. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Policy files, as YAML would hold them; the first that names a bucket wins. */
  readonly policies?: readonly Readonly<Record<string, unknown>>[];
  /** Certificate of the S3 port, which then speaks TLS; its endpoint is `https://127.0.0.1:PORT`. */
  readonly tls?: Certified;
}

/** The one user of a gateway that was started without `users`. */
export const GATEWAY_KEYS: S3Keys = {
  accessKey: "GATEWAYACCESSKEY0001",
  secretKey: "gateway-secret-key-0123456789abcdefghijk",
};

/** What edge is told, which listens on that port of the loopback. */
export function edgeEnv(options: GatewayOptions, port: number): Record<string, string> {
  const { accessKey, secretKey } = GATEWAY_KEYS;
  return {
    LISTEN_ADDR: `127.0.0.1:${port}`,
    LOG_LEVEL: "warn",
    ...backendEnv(options.backend),
    ...tlsEnv(options),
    ...(options.users === undefined
      ? { GW_ACCESS_KEY_1: accessKey, GW_SECRET_KEY_1: secretKey }
      : {}),
  };
}

function tlsEnv({ tls }: GatewayOptions): Record<string, string> {
  if (!tls) return {};
  return { TLS_ENABLED: "true", TLS_CERT_FILE: tls.cert, TLS_KEY_FILE: tls.key };
}

/** The settings that name a server as the backend. */
export function backendEnv(backend: S3Server): Record<string, string> {
  return {
    BACKEND_ENDPOINT: backend.endpoint,
    BACKEND_REGION: backend.region,
    BACKEND_ACCESS_KEY: backend.accessKey,
    BACKEND_SECRET_KEY: backend.secretKey,
    BACKEND_USE_PATH_STYLE: "true",
    ...(backend.name === "radosgw" ? { BACKEND_PROVIDER: "ceph" } : {}),
  };
}

/** The backend identities of the users, and nothing of the users themselves: crypto knows no client. */
export function identitiesEnv({ users = [] }: GatewayOptions): Record<string, string> {
  const variables = users.flatMap(({ accessKey, secretKey }, n) => [
    [`GW_BACKEND_ACCESS_KEY_${n}`, accessKey] as const,
    [`GW_BACKEND_SECRET_KEY_${n}`, secretKey] as const,
  ]);
  return Object.fromEntries(variables);
}

/** Settings of keys, which wraps with this KEK of 32 bytes. */
export function keysEnv(kek: Buffer): Record<string, string> {
  return {
    KEY_MANAGER_ENABLED: "true",
    KEY_MANAGER_PROVIDER: "self_contained",
    SELF_CONTAINED_TYPE: "aes",
    SELF_CONTAINED_AES_KEYS: `1=base64:${kek.toString("base64")}`,
  };
}

/** Settings of a gateway that keeps the state of uploads in this Redis. */
export function valkeyEnv(redis: RedisServer): Record<string, string> {
  return {
    VALKEY_ADDR: redis.address,
    VALKEY_PASSWORD_ENV: "E2E_REDIS_PASSWORD",
    E2E_REDIS_PASSWORD: redis.password,
    VALKEY_TLS_ENABLED: "false",
    VALKEY_INSECURE_ALLOW_PLAINTEXT: "true",
  };
}

/** Writes the configuration file of what the environment cannot say; JSON is YAML. Its path. */
export async function writeConfig(
  folder: string,
  { users, config, policies = [] }: GatewayOptions,
): Promise<string> {
  const credentials = (users ?? []).map(({ accessKey, secretKey }) => ({
    access_key: accessKey,
    secret_key: secretKey,
    backend_access_key: accessKey,
    backend_secret_key: secretKey,
  }));
  const file = join(folder, "config.yaml");
  const auth = users === undefined ? {} : { auth: { credentials } };
  const policyFiles = policies.map((_, n) => join(folder, `policy-${n}.yaml`));
  for (const [n, policy] of policies.entries()) {
    await writeFile(policyFiles[n] ?? "", JSON.stringify(policy));
  }
  await writeFile(file, JSON.stringify({ ...auth, policies: policyFiles, ...config }));
  return file;
}
