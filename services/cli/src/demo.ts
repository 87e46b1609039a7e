/** The demo: a gateway without settings gets a store on a folder, and whatever keys and credentials nobody gave. */
import { resolve } from "node:path";
import type { ListenAddress } from "@s3eg/shared/runtime/config.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import { startDevStore } from "../../dev-store/src/main.ts";
import { configuredCredentials } from "../../edge/src/auth/configured-credentials.ts";
import { activeStore } from "../../keys/src/config/configured-stores.ts";
import { type DemoSecrets, demoSecrets } from "./demo-secrets.ts";
import type { Env, GatewayConfig } from "./gateway-config.ts";

/** A demo whose store runs. */
export interface Demo {
  /** The configuration with everything filled in that was not given. */
  readonly config: GatewayConfig;
  /** Fills in another configuration of the same demo. */
  fillIn(config: GatewayConfig): GatewayConfig;
  readonly credential: {
    readonly accessKey: string;
    /** Absent where it was configured: whoever did knows it. */
    readonly madeUpSecretKey?: Secret;
  };
  readonly store: {
    readonly endpoint: string;
    readonly accessKey: string;
    readonly secretKey: Secret;
    readonly folder: string;
  };
}

const LISTEN: ListenAddress = { host: "127.0.0.1", port: 8080 };

/** Starts the demo store and fills the configuration in. Settings that were given are kept. */
export async function openDemo(given: {
  config: GatewayConfig;
  env: Env;
  stack: AsyncDisposableStack;
  log: Log;
}): Promise<Demo> {
  const { config, env, stack, log } = given;
  const secrets = demoSecrets(config.data_dir);
  const folder = resolve(config.data_dir, "store");
  const store = { accessKey: secrets.storeAccessKey, secretKey: secrets.storeSecretKey };
  const devStore = await startDevStore({
    folder,
    host: "127.0.0.1",
    port: 0,
    nodeEnv: env.NODE_ENV,
    credentials: [store],
    log,
  });
  stack.use(devStore);
  const [configured] = configuredCredentials(config.auth.credentials, env);
  const credential = configured
    ? { accessKey: configured.accessKey }
    : { accessKey: secrets.accessKey, madeUpSecretKey: secrets.secretKey };
  const { endpoint } = devStore;
  const fillIn = (read: GatewayConfig) => {
    const isOpen = configuredCredentials(read.auth.credentials, env).length === 0;
    return filledIn(read, { secrets, endpoint, isOpen });
  };
  return {
    config: fillIn(config),
    fillIn,
    credential,
    store: { ...store, endpoint: devStore.endpoint.origin, folder },
  };
}

function filledIn(
  config: GatewayConfig,
  { secrets, endpoint, isOpen }: { secrets: DemoSecrets; endpoint: URL; isOpen: boolean },
): GatewayConfig {
  const made = { access_key: secrets.accessKey, secret_key: secrets.secretKey, label: "demo" };
  const { encryption } = config;
  return {
    ...config,
    listen_addr: config.listen_addr ?? LISTEN,
    backend: {
      ...config.backend,
      endpoint: endpoint.origin,
      use_path_style: true,
      access_key: secrets.storeAccessKey,
      secret_key: secrets.storeSecretKey,
    },
    auth: isOpen ? { ...config.auth, credentials: [made] } : config.auth,
    encryption: activeStore(encryption) ? encryption : withMadeUpKek(encryption, secrets),
  };
}

function withMadeUpKek(
  encryption: GatewayConfig["encryption"],
  { kekSource }: DemoSecrets,
): GatewayConfig["encryption"] {
  const keys = [{ version: 1, key_source: kekSource }];
  const { rsa } = encryption.key_manager.self_contained;
  const self_contained = { type: "aes" as const, aes: { keys }, rsa };
  return {
    ...encryption,
    key_manager: {
      ...encryption.key_manager,
      enabled: true,
      provider: "self_contained",
      self_contained,
    },
  };
}

/** What the demo prints: where it is, how to sign in, and lines to try. The one place where secrets are shown: those it made up itself. */
export function demoBanner({ config, credential, store }: Demo, port: number): string {
  const scheme = config.tls.enabled ? "https" : "http";
  const endpoint = `${scheme}://${config.listen_addr?.host ?? "127.0.0.1"}:${port}`;
  const secretKey = credential.madeUpSecretKey?.reveal() ?? "<as configured>";
  return `
  S3 endpoint      ${endpoint}
  access key       ${credential.accessKey}
  secret key       ${secretKey}

  DEMO STORE, for trying out and not for production: it holds ciphertext only.
  store endpoint   ${store.endpoint}
  store keys       ${store.accessKey} / ${store.secretKey.reveal()}
  store folder     ${store.folder}

  try:
    export AWS_ACCESS_KEY_ID=${credential.accessKey} AWS_SECRET_ACCESS_KEY='${secretKey}' AWS_DEFAULT_REGION=us-east-1
    aws --endpoint-url ${endpoint} s3 mb s3://demo
    echo hello | aws --endpoint-url ${endpoint} s3 cp - s3://demo/hello.txt
    aws --endpoint-url ${endpoint} s3 cp s3://demo/hello.txt -

`;
}
