/** Redis, standing in for Valkey (same protocol; packaged everywhere). */
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { type Child, startChild, untilReady } from "./child.ts";
import { findProgram, freePort, makeScratch } from "./place.ts";
import { orTakeDown, takeDown } from "./s3-server.ts";
import { makeTestPki, type TestPki } from "./test-pki.ts";

/** A running Redis on loopback. */
export interface RedisServer extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  readonly port: number;
  readonly password: string;
  readonly pids: readonly number[];
  /** Files to connect with; present where it was started with TLS. */
  readonly pki?: TestPki;
}

/** How a Redis is started. */
export interface RedisOptions {
  /** Default: any free one. */
  readonly port?: number;
  /** TLS 1.3 only, and clients must show a certificate. */
  readonly hasTls?: boolean;
  /** One node that holds all slots. */
  readonly isCluster?: boolean;
  /** An ACL rule (`user name on >password …`), besides the default user. */
  readonly user?: string;
  /** More arguments of the program. */
  readonly args?: readonly string[];
}

/** What is asked of a server, and how one answers that is ready. */
const PING = ["PING", "PONG"] as const;

/** A node that met no other does not know its own address. Its bus would else be ten thousand above its port, among those of outgoing connections. */
const clusterArguments = (busPort: number) => [
  ...["--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"],
  ...["--cluster-port", String(busPort)],
];

/** A second is usual. Once a Redis answered nothing for two minutes, though it had said after milliseconds that it was ready. */
const TRIES_MS = { first: 30_000, last: 120_000 };

/** Starts a Redis that keeps nothing on disk and wants a password. One that does not answer is told of, and started anew once. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const program = findProgram("redis-server", "redis");
  try {
    return await startOnce(program, options, TRIES_MS.first);
  } catch (error) {
    process.stdout.write(`a Redis is started anew: ${error}\n`);
    return await startOnce(program, options, TRIES_MS.last);
  }
}

async function startOnce(
  program: string,
  options: RedisOptions,
  timeoutMs: number,
): Promise<RedisServer> {
  const scratch = await makeScratch("redis");
  const children: Child[] = [];
  return await orTakeDown(children, scratch, async () => {
    const port = options.port ?? (await freePort());
    const password = "redis-password";
    const pki = options.hasTls ? await makeTestPki(scratch.folder) : undefined;
    const listening = pki ? tlsArguments(port, pki) : ["--port", String(port)];
    const child = await startChild({
      program,
      args: [
        ...["--bind", "127.0.0.1", ...listening, "--requirepass", password],
        ...["--save", "", "--appendonly", "no", "--dir", scratch.folder],
        ...(options.isCluster ? clusterArguments(await freePort()) : []),
        ...(options.user === undefined ? [] : options.user.replace("user ", "--user ").split(" ")),
        ...(options.args ?? []),
      ],
    });
    children.push(child);
    const [question, answer] = options.isCluster
      ? ["CLUSTER ADDSLOTSRANGE 0 16383\r\nCLUSTER INFO", "cluster_state:ok"]
      : PING;
    await untilReady("redis-server", children, {
      probe: () => answers(port, { commands: `AUTH ${password}\r\n${question}\r\n`, answer, pki }),
      timeoutMs,
    });
    return {
      address: `127.0.0.1:${port}`,
      port,
      password,
      pids: [child.pid],
      ...(pki ? { pki } : {}),
      [Symbol.asyncDispose]: () => takeDown(children, scratch),
    };
  });
}

/** Starts a Sentinel that watches `redis` as `gateway-state`; the password is the same. */
export async function startSentinel(redis: RedisServer): Promise<RedisServer> {
  const program = findProgram("redis-server", "redis");
  const scratch = await makeScratch("sentinel");
  const children: Child[] = [];
  return await orTakeDown(children, scratch, async () => {
    const port = await freePort();
    const { password } = redis;
    const file = join(scratch.folder, "sentinel.conf");
    const lines = [
      "bind 127.0.0.1",
      `port ${port}`,
      `requirepass ${password}`,
      `dir ${scratch.folder}`,
      `sentinel monitor gateway-state 127.0.0.1 ${redis.port} 1`,
      `sentinel auth-pass gateway-state ${password}`,
    ];
    await writeFile(file, `${lines.join("\n")}\n`);
    children.push(await startChild({ program, args: [file, "--sentinel"] }));
    await untilReady("redis-sentinel", children, {
      probe: () =>
        answers(port, { commands: `AUTH ${password}\r\n${PING[0]}\r\n`, answer: PING[1] }),
    });
    return {
      address: `127.0.0.1:${port}`,
      port,
      password,
      pids: children.map(({ pid }) => pid),
      [Symbol.asyncDispose]: () => takeDown(children, scratch),
    };
  });
}

function tlsArguments(port: number, { ca, server }: TestPki): string[] {
  return [
    ...["--port", "0", "--tls-port", String(port), "--tls-auth-clients", "yes"],
    ...["--tls-ca-cert-file", ca, "--tls-cert-file", server.cert, "--tls-key-file", server.key],
    ...["--tls-protocols", "TLSv1.3"],
  ];
}

async function answers(
  port: number,
  { commands, answer, pki }: { commands: string; answer: string; pki?: TestPki | undefined },
): Promise<boolean> {
  const at = { host: "127.0.0.1", port };
  const socket = pki ? connectTls({ ...at, ...(await pki.clientOptions()) }) : connect(at);
  return await new Promise((resolve, reject) => {
    socket.once(pki ? "secureConnect" : "connect", () => socket.write(commands));
    let heard = "";
    socket.on("data", (bytes: Buffer) => {
      heard += bytes.toString("latin1");
      if (!heard.includes(answer)) return;
      resolve(true);
      socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`closed after "${heard}"`)));
    socket.setTimeout(1000, () => socket.destroy(new Error(`silent after "${heard}"`)));
  });
}
