/**
 * A gateway with replicas of keys and of crypto, each a process with a user of its own on the broker that may do what its services need
 * and nothing else. Replicas of keys come and go, and the broker does, too.
 */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, type NatsConnection, nkeyAuthenticator } from "@nats-io/transport-node";
import { aesVersions } from "./aes-versions.ts";
import { backendEnv } from "./gateway-settings.ts";
import { answersHttp, type Child, runToEnd, startChild, untilReady } from "./servers/child.ts";
import { startDevStoreProcess } from "./servers/dev-store.ts";
import { type NatsServer, startNats } from "./servers/nats.ts";
import { makeNatsUsers } from "./servers/nats-users.ts";
import { freePort, makeScratch } from "./servers/place.ts";
import type { S3Server } from "./servers/s3-server.ts";

const MAIN = join(import.meta.dirname, "../services/cli/src/main.ts");
const TOKEN = "an-admin-token-of-more-than-thirty-two-characters";
const USER = { accessKey: "GATEWAYACCESSKEY0001", secretKey: "gateway-secret-key-0123456789abc" };

/** A started replica of keys. */
export interface KeysReplica {
  readonly child: Child;
  /** `http://…`: probes and metrics. */
  readonly probeUrl: string;
}

/** An answer of the admin API. */
interface AdminAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The running site. */
export interface RotationSite extends AsyncDisposable {
  /** The gateway, and the store behind it. */
  readonly front: S3Server;
  readonly behind: S3Server;
  /** Starts a replica of keys, or starts one again in its folder; with `isReady: false` without waiting until it is. */
  startKeys(name: string, options?: { isReady: boolean }): Promise<KeysReplica>;
  /** `s3eg keys …` with the settings of a replica. */
  runKeys(name: string, args: readonly string[]): Promise<string>;
  admin(method: "GET" | "POST", step: string, body?: object): Promise<AdminAnswer>;
  /** A connection with full rights on the broker and none of the secrets. */
  attacker(): Promise<NatsConnection>;
  /** Stops the broker and starts it again on its port, with nothing of what it kept. */
  restartNats(options: { hasJetStream: boolean }): Promise<void>;
  /** Events that the audit trail has of keys, by type. */
  keyEvents(): Promise<string[]>;
  logTails(): string;
}

/** Starts everything but keys. */
export async function startRotationSite(): Promise<RotationSite> {
  const stack = new AsyncDisposableStack();
  const scratch = await makeScratch("rotation-site");
  stack.defer(() => scratch[Symbol.asyncDispose]());
  const behind = stack.use(await startDevStoreProcess());
  const natsPort = await freePort();
  const users = await makeNatsUsers(scratch.folder, ["keys", "crypto", "edge,audit,admin"]);
  const natsConfig = (hasJetStream: boolean) =>
    [`port: ${natsPort}`, hasJetStream ? "" : "jetstream: disabled", users.configText].join("\n");
  let nats: NatsServer = await startNats({ configText: natsConfig(true) });
  stack.defer(() => nats[Symbol.asyncDispose]());
  const natsUrl = `nats://127.0.0.1:${natsPort}`;
  const children: Child[] = [];
  stack.defer(async () => {
    for (const child of [...children].reverse()) await child.stop();
  });
  const shared = {
    NATS_URL: natsUrl,
    LOG_LEVEL: "warn",
    SERVICE_SECRET: randomBytes(32).toString("base64"),
    SERVER_DISABLE_MULTIPART_UPLOADS: "true",
  };
  const keysSecret = { KEYS_SECRET: randomBytes(32).toString("base64") };
  const versions = aesVersions(3);
  const keysEnv = (name: string) => ({
    ...{ ...shared, ...keysSecret, NATS_CREDS_FILE: users.seedOf("keys") },
    DATA_DIR: join(scratch.folder, name),
    KEY_MANAGER_ENABLED: "true",
    KEY_MANAGER_PROVIDER: "self_contained",
    SELF_CONTAINED_TYPE: "aes",
    ...versions,
  });
  const run = async (roles: readonly string[], env: Record<string, string>): Promise<Child> => {
    const child = await startChild({
      ...{ program: process.execPath, args: [MAIN, "serve", ...roles], env },
    });
    children.push(child);
    return child;
  };
  const backend = backendEnv(behind);
  const startKeys = async (name: string, { isReady } = { isReady: true }): Promise<KeysReplica> => {
    const metrics = `127.0.0.1:${await freePort()}`;
    const child = await run(["keys"], { ...keysEnv(name), METRICS_ADDR: metrics });
    const probeUrl = `http://${metrics}`;
    const path = isReady ? "/ready" : "/livez";
    await untilReady(`keys ${name}`, [child], {
      probe: () => answersHttp(`${probeUrl}${path}`, 200),
    });
    return { child, probeUrl };
  };
  const startCrypto = async (): Promise<void> => {
    const address = `127.0.0.1:${await freePort()}`;
    const cache = {
      KMS_DEK_CACHE_ENABLED: "true",
      KMS_DEK_CACHE_TTL: "1h",
      KMS_DEK_CACHE_MAX_ENTRIES: "1000",
    };
    await run(["crypto"], {
      ...{ ...shared, ...keysSecret, ...backend, ...cache },
      NATS_CREDS_FILE: users.seedOf("crypto"),
      CRYPTO_LISTEN_ADDR: address,
      CRYPTO_ADVERTISE_URL: `http://${address}`,
    });
  };
  for (let n = 0; n < 2; n += 1) await startCrypto();
  const [port, adminPort] = [await freePort(), await freePort()];
  const auditFile = join(scratch.folder, "audit.log");
  await run(["edge", "audit", "admin"], {
    ...{ ...shared, ...backend, NATS_CREDS_FILE: users.seedOf("edge-audit-admin") },
    DATA_DIR: join(scratch.folder, "front"),
    LISTEN_ADDR: `127.0.0.1:${port}`,
    GW_ACCESS_KEY_1: USER.accessKey,
    GW_SECRET_KEY_1: USER.secretKey,
    ADMIN_ENABLED: "true",
    ADMIN_ADDRESS: `127.0.0.1:${adminPort}`,
    ADMIN_AUTH_TOKEN: TOKEN,
    ADMIN_ALLOW_INLINE_TOKEN: "true",
    ADMIN_RATE_LIMIT_RPM: "1000",
    AUDIT_ENABLED: "true",
    AUDIT_SINK_TYPE: "file",
    AUDIT_SINK_FILE_PATH: auditFile,
  });
  const endpoint = `http://127.0.0.1:${port}`;
  await untilReady("edge", children, { probe: () => answersHttp(`${endpoint}/livez`, 200) });
  const all = stack.move();
  return {
    front: {
      ...{ ...USER, name: "gateway", endpoint, region: behind.region },
      pids: children.map(({ pid }) => pid),
      [Symbol.asyncDispose]: async () => await Promise.resolve(),
    },
    behind,
    startKeys,
    runKeys: async (name, args) =>
      await runToEnd({
        ...{ program: process.execPath, args: [MAIN, "keys", ...args], env: keysEnv(name) },
      }),
    async admin(method, step, body) {
      const answer = await fetch(`http://127.0.0.1:${adminPort}/admin/kms/rotate/${step}`, {
        method,
        headers: { authorization: `Bearer ${TOKEN}` },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      return { status: answer.status, body: (await answer.json()) as AdminAnswer["body"] };
    },
    attacker: async () => {
      const authenticator = nkeyAuthenticator(await readFile(users.anybody));
      return await connect({ servers: natsUrl, authenticator });
    },
    async restartNats({ hasJetStream }) {
      await nats[Symbol.asyncDispose]();
      nats = await startNats({ configText: natsConfig(hasJetStream) });
    },
    async keyEvents() {
      const lines = (await readFile(auditFile, "utf8")).trim().split("\n");
      const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      return events
        .filter(({ operation }) => operation === "keys")
        .map((one) => String(one.event_type));
    },
    logTails: () => children.map((child) => child.logTail()).join("\n---\n"),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
