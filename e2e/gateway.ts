/** Starts the gateway as child processes, in one or in its roles, in front of a backend, and waits until it is ready. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import {
  backendEnv,
  edgeEnv,
  GATEWAY_KEYS,
  type GatewayOptions,
  identitiesEnv,
  keysEnv,
  valkeyEnv,
  writeConfig,
} from "./gateway-settings.ts";
import { answersHttp, type Child, runToEnd, startChild, untilReady } from "./servers/child.ts";
import { startNats } from "./servers/nats.ts";
import { freePort, makeScratch } from "./servers/place.ts";
import { memoryPeakBytes } from "./servers/proc.ts";
import { startRedis } from "./servers/redis.ts";
import { orTakeDown, type S3Server, takeDown } from "./servers/s3-server.ts";

const MAIN = join(import.meta.dirname, "../services/cli/src/main.ts");
const READY_TIMEOUT_MS = 120_000;

/** A running gateway. Its keys are those of its first user. */
export interface Gateway extends S3Server {
  /** Most memory that each of its processes ever held, in the order of `pids`. */
  memoryPeaks(): Promise<number[]>;
  /** The last lines that each process logged. */
  logTails(): string;
}

/** A gateway in one process. */
export interface OneProcessGateway extends Gateway {
  /** Where its metrics are, without TLS. */
  readonly metricsUrl: string;
  /** Runs another command of `s3eg` with this gateway's settings, and returns what it prints. */
  runCommand(args: readonly string[]): Promise<string>;
  /** Starts one and does not wait for its end. */
  startCommand(args: readonly string[]): Promise<Child>;
}

/** Starts all roles in one process. */
export async function startGateway(options: GatewayOptions): Promise<OneProcessGateway> {
  const scratch = await makeScratch("gateway");
  const children: Child[] = [];
  return await orTakeDown(children, scratch, async () => {
    const port = await freePort();
    const configFile = await writeConfig(scratch.folder, options);
    const metricsAddr = `127.0.0.1:${await freePort()}`;
    const env = {
      METRICS_ADDR: metricsAddr,
      ...edgeEnv(options, port),
      ...keysEnv(randomBytes(32)),
      DATA_DIR: join(scratch.folder, "state"),
      CONFIG_PATH: configFile,
      ...options.env,
    };
    children.push(await startRoles([], env));
    const endpoint = `${options.tls ? "https" : "http"}://127.0.0.1:${port}`;
    // Who asks the S3 port must trust its certificate first; the metrics port says the same.
    const probed = options.tls ? `http://${metricsAddr}` : endpoint;
    await untilReady("gateway", children, {
      probe: () => answersHttp(`${probed}/ready`, 200),
      timeoutMs: READY_TIMEOUT_MS,
    });
    const down = () => takeDown(children, scratch);
    const commandOf = (args: readonly string[]) => ({
      ...{ program: process.execPath, args: [MAIN, ...args], env },
    });
    return {
      ...gatewayOf(endpoint, options, { children, down }),
      metricsUrl: `http://${metricsAddr}/metrics`,
      runCommand: (args) => runToEnd(commandOf(args)),
      startCommand: (args) => startChild(commandOf(args)),
    };
  });
}

/** How many processes of each role; edges after the first are in `otherEndpoints`. */
export interface RoleCounts {
  readonly edges?: number;
  readonly cryptos?: number;
  readonly keys?: number;
  readonly audits?: number;
  /** None but where `env` enables it and says where it listens. */
  readonly admins?: number;
}

type Role = "edge" | "crypto" | "keys" | "audit" | "admin";

/** A gateway of several processes. */
export interface DistributedGateway extends Gateway {
  /** The S3 endpoints of all edges; `endpoint` is the first. */
  readonly endpoints: readonly string[];
  /** pids by role. */
  readonly roles: Readonly<Record<Role, readonly number[]>>;
  /** Where the metrics of each process are, by role. */
  readonly metricsUrls: Readonly<Record<Role, readonly string[]>>;
  /** The broker between them: whoever reaches it may publish and hear everything. */
  readonly natsUrl: string;
  /** Kills one process of a role outright, or the broker, and starts it again as it was; resolves when it is ready. */
  killAndStartAgain(what: { role: Role; number?: number } | "broker"): Promise<void>;
  /** Asks a process to end (SIGTERM), waits for that however long it drains, and starts it again; its exit code. */
  restart(what: { role: Role; number: number }): Promise<number | string>;
  /** What only some of them may know: the KEK of keys, and the secret of keys and crypto. */
  readonly secrets: { readonly kek: Buffer; readonly keysSecret: Buffer };
}

/** Starts every role in processes of its own, with a nats-server and a Redis between them; each gets only the secrets that are its. */
export async function startDistributed(
  options: GatewayOptions,
  { edges = 1, cryptos = 2, keys = 1, audits = 1, admins = 0 }: RoleCounts = {},
): Promise<DistributedGateway> {
  const scratch = await makeScratch("gateway");
  const children: Child[] = [];
  const servers = new AsyncDisposableStack();
  const down = async (): Promise<void> => {
    await takeDown(children, scratch);
    await servers.disposeAsync();
  };
  try {
    const nats = servers.use(await startNats());
    const redis = servers.use(await startRedis());
    const shared = { NATS_URL: nats.url, SERVICE_SECRET: randomBytes(32).toString("base64") };
    const secrets = { kek: randomBytes(32), keysSecret: randomBytes(32) };
    const keysSecret = { KEYS_SECRET: secrets.keysSecret.toString("base64") };
    const configFile = await writeConfig(scratch.folder, options);
    const endpoints: string[] = [];
    const started: Started[] = [];
    const start = async (role: Role, more: Record<string, string>): Promise<void> => {
      const number = started.filter((other) => other.role === role).length;
      const dataFolder = join(scratch.folder, `${role}-${number}`);
      const metricsAddr = `127.0.0.1:${await freePort()}`;
      const place = { METRICS_ADDR: metricsAddr, DATA_DIR: dataFolder };
      const env = { ...shared, ...place, ...more, ...options.env };
      const child = await startRoles([role], env);
      started.push({ role, child, env, opsUrl: `http://${metricsAddr}` });
      children.push(child);
    };
    const dataKeys = keysEnv(secrets.kek);
    for (let n = 0; n < audits; n++) await start("audit", {});
    for (let n = 0; n < admins; n++) await start("admin", {});
    for (let n = 0; n < keys; n++) await start("keys", { ...keysSecret, ...dataKeys });
    for (let n = 0; n < cryptos; n++) {
      const address = `127.0.0.1:${await freePort()}`;
      const listen = { CRYPTO_LISTEN_ADDR: address, CRYPTO_ADVERTISE_URL: `http://${address}` };
      const own = { ...keysSecret, ...backendEnv(options.backend), ...identitiesEnv(options) };
      const env = { ...own, ...valkeyEnv(redis), ...listen };
      await start("crypto", env);
    }
    for (let n = 0; n < edges; n++) {
      const port = await freePort();
      const env = { ...edgeEnv(options, port), ...valkeyEnv(redis), CONFIG_PATH: configFile };
      await start("edge", env);
      endpoints.push(`http://127.0.0.1:${port}`);
    }
    // Every role, not edge alone: of several keys and workers it needs one to be ready.
    for (const { opsUrl } of started) {
      await untilReady("distributed gateway", children, {
        probe: () => answersHttp(`${opsUrl}/ready`, 200),
        timeoutMs: READY_TIMEOUT_MS,
      });
    }
    const endAndStartAgain = async (
      { role, number = 0 }: { role: Role; number?: number },
      signal: NodeJS.Signals,
    ): Promise<number | string> => {
      const victim = started.filter((process) => process.role === role)[number];
      if (!victim) throw new Error(`there is no ${role} number ${number}`);
      process.kill(victim.child.pid, signal);
      const code = await victim.child.exited;
      victim.child = await startRoles([role], victim.env);
      children.push(victim.child);
      await untilReady(role, [victim.child], {
        probe: () => answersHttp(`${victim.opsUrl}/ready`, 200),
      });
      return code;
    };
    const killAndStartAgain: DistributedGateway["killAndStartAgain"] = async (what) => {
      if (what === "broker") return await nats.killAndStartAgain();
      await endAndStartAgain(what, "SIGKILL");
    };
    const restart = (what: { role: Role; number: number }) => endAndStartAgain(what, "SIGTERM");
    const gateway = gatewayOf(endpoints[0] ?? "", options, { children, down });
    const natsUrl = nats.url;
    const roles = perRole(started, ({ child }) => child.pid);
    const metricsUrls = perRole(started, ({ opsUrl }) => `${opsUrl}/metrics`);
    const control = { killAndStartAgain, restart };
    return { ...gateway, endpoints, roles, metricsUrls, secrets, natsUrl, ...control };
  } catch (error) {
    await down();
    throw error;
  }
}

interface Started {
  readonly role: Role;
  child: Child;
  readonly env: Record<string, string>;
  /** Of its metrics and probes. */
  readonly opsUrl: string;
}

function perRole<Value>(
  started: readonly Started[],
  tell: (process: Started) => Value,
): Record<Role, Value[]> {
  const of = (role: Role) => started.filter((each) => each.role === role).map(tell);
  return {
    edge: of("edge"),
    crypto: of("crypto"),
    keys: of("keys"),
    audit: of("audit"),
    admin: of("admin"),
  };
}

function gatewayOf(
  endpoint: string,
  { backend, users }: GatewayOptions,
  { children, down }: { children: readonly Child[]; down: () => Promise<void> },
): Gateway {
  const pids = children.map((child) => child.pid);
  return {
    ...(users?.[0] ?? GATEWAY_KEYS),
    name: `gateway on ${backend.name}`,
    endpoint,
    region: backend.region,
    pids,
    memoryPeaks: () => Promise.all(pids.map(memoryPeakBytes)),
    logTails: () => children.map((child) => child.logTail()).join("\n---\n"),
    [Symbol.asyncDispose]: down,
  };
}

async function startRoles(roles: readonly string[], env: Record<string, string>): Promise<Child> {
  return await startChild({ program: process.execPath, args: [MAIN, "serve", ...roles], env });
}
