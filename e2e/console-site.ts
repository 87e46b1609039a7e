/** A gateway with every role in a process of its own, and traffic on it: something to look at in the console. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { aesVersions } from "./aes-versions.ts";
import { type Bucket, getObject, putObject } from "./clients/objects.ts";
import { s3ClientOf } from "./clients/s3-client.ts";
import { backendEnv, valkeyEnv } from "./gateway-settings.ts";
import { answersHttp, type Child, runToEnd, startChild, untilReady } from "./servers/child.ts";
import { startDevStoreProcess } from "./servers/dev-store.ts";
import { startNats } from "./servers/nats.ts";
import { freePort, makeScratch } from "./servers/place.ts";
import { startRedis } from "./servers/redis.ts";

const MAIN = join(import.meta.dirname, "../services/cli/src/main.ts");
const USER = { accessKey: "GATEWAYACCESSKEY0001", secretKey: "gateway-secret-key-0123456789abc" };
const ROLES = ["audit", "keys", "crypto", "crypto", "edge", "admin"] as const;

/** The running site. */
export interface ConsoleSite extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, of the admin listener. */
  readonly adminUrl: string;
  readonly token: string;
  /** The broker: whoever reaches it may announce what they like. */
  readonly natsUrl: string;
  readonly photos: Bucket;
  /** Objects put, read, missed and deleted. */
  traffic(rounds: number): Promise<void>;
  /** Begins two uploads in parts, which nobody ends. */
  leaveUploads(): Promise<void>;
  /** Asks the admin API. Throws what it answers unless that is 2xx. */
  ask(method: string, path: string, body?: object): Promise<unknown>;
  /** The last lines that admin logged. */
  adminLog(): string;
  /** Ends a crypto worker without a word. */
  killOneCrypto(): Promise<void>;
  /** `s3eg …` with the settings of admin and edge, in admin's folder. */
  run(args: readonly string[]): Promise<string>;
}

/** Starts it, and waits until every process is ready. */
export async function startConsoleSite(): Promise<ConsoleSite> {
  const stack = new AsyncDisposableStack();
  const scratch = stack.use(await makeScratch("console"));
  const behind = stack.use(await startDevStoreProcess());
  const nats = stack.use(await startNats());
  const redis = stack.use(await startRedis());
  const ports = { s3: await freePort(), admin: await freePort() };
  const token = randomBytes(32).toString("hex");
  const base = {
    NATS_URL: nats.url,
    SERVICE_SECRET: randomBytes(32).toString("base64"),
    LOG_LEVEL: "warn",
    AUDIT_ENABLED: "true",
    AUDIT_SINK_TYPE: "file",
    AUDIT_SINK_FILE_PATH: join(scratch.folder, "audit.log"),
  };
  const keysSecret = { KEYS_SECRET: randomBytes(32).toString("base64") };
  const kek = {
    KEY_MANAGER_ENABLED: "true",
    KEY_MANAGER_PROVIDER: "self_contained",
    SELF_CONTAINED_TYPE: "aes",
    ...aesVersions(3),
  };
  const front = {
    ...{ ...base, ...backendEnv(behind), ...valkeyEnv(redis) },
    LISTEN_ADDR: `127.0.0.1:${ports.s3}`,
    GW_ACCESS_KEY_1: USER.accessKey,
    GW_SECRET_KEY_1: USER.secretKey,
  };
  const admin = {
    ...base,
    ADMIN_ENABLED: "true",
    ADMIN_ADDRESS: `127.0.0.1:${ports.admin}`,
    ADMIN_AUTH_TOKEN: token,
    ADMIN_ALLOW_INLINE_TOKEN: "true",
  };
  const cryptoEnv = async () => {
    const address = `127.0.0.1:${await freePort()}`;
    return {
      ...{ ...base, ...keysSecret, ...backendEnv(behind), ...valkeyEnv(redis) },
      CRYPTO_LISTEN_ADDR: address,
      CRYPTO_ADVERTISE_URL: `http://${address}`,
    };
  };
  const envOf = {
    audit: async () => base,
    keys: async () => ({ ...base, ...keysSecret, ...kek }),
    crypto: cryptoEnv,
    edge: async () => front,
    admin: async () => admin,
  };
  const children: { role: string; child: Child }[] = [];
  for (const [n, role] of ROLES.entries()) {
    const metricsAddr = `127.0.0.1:${await freePort()}`;
    const DATA_DIR = join(scratch.folder, role === "admin" ? "tools" : `${role}-${n}`);
    const env = { ...(await envOf[role]()), METRICS_ADDR: metricsAddr, DATA_DIR };
    const child = await startChild({
      ...{ program: process.execPath, args: [MAIN, "serve", role], env },
    });
    stack.defer(() => child.stop());
    children.push({ role, child });
    const isLast = role === "edge" || role === "admin";
    await untilReady(role, [child], {
      probe: () => answersHttp(`http://${metricsAddr}/${isLast ? "ready" : "livez"}`, 200),
    });
  }
  const endpoint = `http://127.0.0.1:${ports.s3}`;
  const s3 = s3ClientOf({
    ...{ ...USER, name: "gateway", endpoint, region: behind.region },
    ...{ pids: [], [Symbol.asyncDispose]: async () => await Promise.resolve() },
  });
  stack.defer(() => s3.destroy());
  const photos = { s3, bucket: "photos" };
  for (const name of ["empty", photos.bucket]) {
    await s3.send(new CreateBucketCommand({ Bucket: name }));
  }
  const all = stack.move();
  return {
    adminUrl: `http://127.0.0.1:${ports.admin}`,
    token,
    natsUrl: nats.url,
    photos,
    traffic: (rounds) => traffic(photos, rounds),
    leaveUploads: () => leaveUploads(photos),
    async ask(method, path, body) {
      const answer = await fetch(`http://127.0.0.1:${ports.admin}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}` },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return JSON.parse(text) as unknown;
    },
    adminLog: () => children.find(({ role }) => role === "admin")?.child.logTail() ?? "",
    async killOneCrypto() {
      const crypto = children.find(({ role }) => role === "crypto")?.child;
      if (!crypto) throw new Error("there is no crypto");
      process.kill(crypto.pid, "SIGKILL");
      await crypto.exited;
    },
    run: async (args) => {
      const env = { ...front, ...keysSecret, ...kek, DATA_DIR: join(scratch.folder, "tools") };
      const { NATS_URL: _, ...alone } = env;
      return await runToEnd({
        ...{ program: process.execPath, args: [MAIN, ...args], env: alone },
      });
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function traffic(photos: Bucket, rounds: number): Promise<void> {
  const { s3 } = photos;
  for (let round = 0; round < rounds; round += 1) {
    const key = `2026/IMG_${1000 + round}.jpg`;
    await putObject(photos, key, { body: randomBytes(50_000 + 20_000 * (round % 5)) });
    for (let n = 0; n < 3; n += 1) await getObject(photos, key);
    if (round % 4 === 0) await getObject(photos, `2026/gone-${round}.jpg`).catch(() => undefined);
    if (round % 6 === 0)
      await s3.send(new DeleteObjectCommand({ Bucket: photos.bucket, Key: key }));
  }
}

/** Begins uploads in parts that nobody ends. */
async function leaveUploads({ s3, bucket }: Bucket): Promise<void> {
  for (const Key of ["archive/2025.tar", "archive/2026.tar"]) {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }));
    const Body = randomBytes(5 * 1024 * 1024);
    await s3.send(new UploadPartCommand({ Bucket: bucket, Key, UploadId, PartNumber: 1, Body }));
  }
}
