/** The one door to Valkey and Redis, through ioredis: one server, a Sentinel group or a cluster behind the same few calls. */
import { createHash } from "node:crypto";
import type { ConnectionOptions } from "node:tls";
import { Cluster, Redis, type RedisOptions } from "ioredis";
import { Fault } from "../faults.ts";
import type { Log } from "./log.ts";
import type { Secret } from "./secret.ts";

/** Where a server listens. */
export interface ValkeyAddress {
  readonly host: string;
  readonly port: number;
}

/** A user of the server's ACL; without a name it is the default user. */
export interface ValkeyUser {
  readonly name?: string | undefined;
  readonly password?: Secret | undefined;
}

/** PEM texts, and how the server is checked. */
export interface ValkeyTls {
  readonly ca?: string | Buffer | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  /** False: any certificate will do. */
  readonly verifies: boolean;
}

/** What to connect to, and how. */
export interface ValkeySettings {
  readonly mode: "standalone" | "sentinel" | "cluster";
  /** The server, the Sentinels, or some nodes of the cluster. */
  readonly addresses: readonly ValkeyAddress[];
  readonly user: ValkeyUser;
  readonly db: number;
  /** Absent: plaintext. */
  readonly tls?: ValkeyTls | undefined;
  readonly sentinel?: { readonly master: string; readonly user: ValkeyUser } | undefined;
  readonly connectTimeoutMs: number;
  /** Longest wait for the answer to one command. */
  readonly commandTimeoutMs: number;
}

/** A Lua script that runs as one step on the server. All its keys must share a hash tag. */
export interface ValkeyScript {
  readonly lua: string;
  readonly sha1: string;
}

/** Makes a script of its text. */
export function valkeyScript(lua: string): ValkeyScript {
  return { lua, sha1: createHash("sha1").update(lua).digest("hex") };
}

/** Something a command takes. Numbers are sent as decimal text. */
export type ValkeyArgument = string | number | Uint8Array;

/** A server that went away is tried again this often, at most. */
const MAX_RECONNECT_MS = 2000;
/** How often a command is sent again whose connection broke, or that met a node that is no longer the right one. */
const MAX_RESENDS = 2;
const MAX_REDIRECTIONS = 4;

/**
 * A connection (in a cluster: one to every node) that all commands share; it comes back by itself. Commands fail at once while it
 * is down and after `commandTimeoutMs` where no answer comes: `state.unavailable`, and the server may have done them all the
 * same. A server without memory left is `limit.busy`. Whoever opened it disposes of it.
 */
export class Valkey implements AsyncDisposable {
  readonly #client: Redis | Cluster;
  readonly #log: Log;
  #isUp = false;

  /** Begins to connect, and returns without waiting for it. */
  constructor(settings: ValkeySettings, log: Log) {
    this.#log = log;
    this.#client = settings.mode === "cluster" ? clusterOf(settings) : serverOf(settings);
    this.#client.on("ready", () => this.#turn(true));
    this.#client.on("close", () => this.#turn(false));
    this.#client.on("error", (err: Error) => {
      this.#log.warn({ err }, "Valkey cannot be used");
    });
  }

  /** True while there is a connection. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Sends one command. Texts come back as Buffers, whole numbers as numbers, nothing as null. */
  async call(command: string, ...args: readonly ValkeyArgument[]): Promise<unknown> {
    try {
      return await this.#client.callBuffer(command, args.map(asSent));
    } catch (cause) {
      throw faultOf(cause);
    }
  }

  /** Runs a script; the server is sent its text only where it does not know it yet. */
  async run(
    script: ValkeyScript,
    keys: readonly string[],
    args: readonly ValkeyArgument[],
  ): Promise<unknown> {
    try {
      return await this.call("evalsha", script.sha1, keys.length, ...keys, ...args);
    } catch (error) {
      const { cause } = error as Error;
      if (!(cause instanceof Error) || !cause.message.startsWith("NOSCRIPT")) throw error;
      return await this.call("eval", script.lua, keys.length, ...keys, ...args);
    }
  }

  /** What each server does when its memory is full (`maxmemory-policy`). Needs the right to INFO. */
  async evictionPolicies(): Promise<string[]> {
    const client = this.#client;
    const servers = client instanceof Cluster ? client.nodes("master") : [client];
    try {
      const infos = await Promise.all(servers.map((server) => server.info("memory")));
      return infos.map((info) => /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? "unknown");
    } catch (cause) {
      throw faultOf(cause);
    }
  }

  /** Closes the connection; commands under way fail. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.removeAllListeners("close");
    this.#client.disconnect();
    this.#isUp = false;
    await Promise.resolve();
  }

  #turn(isUp: boolean): void {
    if (this.#isUp === isUp) return;
    this.#isUp = isUp;
    if (isUp) this.#log.info({}, "Valkey is there");
    else this.#log.warn({}, "Valkey went away");
  }
}

function serverOf(settings: ValkeySettings): Redis {
  const { addresses, sentinel, mode } = settings;
  const common = {
    ...nodeOptions(settings),
    enableOfflineQueue: false,
    db: settings.db,
    retryStrategy: (times: number) => Math.min(times * 50, MAX_RECONNECT_MS),
  };
  if (mode === "sentinel" && sentinel) {
    const { tls } = common;
    return new Redis({
      ...common,
      sentinels: addresses.map(({ host, port }) => ({ host, port })),
      name: sentinel.master,
      sentinelUsername: sentinel.user.name,
      sentinelPassword: sentinel.user.password?.reveal(),
      ...(tls ? { sentinelTLS: tls, enableTLSForSentinelMode: true } : {}),
      sentinelCommandTimeout: settings.commandTimeoutMs,
    });
  }
  return new Redis({ ...common, ...addresses[0] });
}

function clusterOf(settings: ValkeySettings): Cluster {
  return new Cluster(
    settings.addresses.map(({ host, port }) => ({ host, port })),
    {
      enableOfflineQueue: false,
      enableReadyCheck: false,
      maxRedirections: MAX_REDIRECTIONS,
      clusterRetryStrategy: (times) => Math.min(times * 50, MAX_RECONNECT_MS),
      clusterNodeRetryStrategy: (times: number) => Math.min(times * 50, MAX_RECONNECT_MS),
      slotsRefreshTimeout: settings.connectTimeoutMs,
      // Certificates name hosts, so a host must stay one.
      dnsLookup: (host, done) => done(null, host),
      redisOptions: nodeOptions(settings),
    },
  );
}

function nodeOptions(settings: ValkeySettings) {
  const { user, tls } = settings;
  return {
    // Every server and proxy speaks RESP2, and we need nothing of RESP3.
    protocol: 2,
    username: user.name,
    password: user.password?.reveal(),
    connectTimeout: settings.connectTimeoutMs,
    commandTimeout: settings.commandTimeoutMs,
    maxRetriesPerRequest: MAX_RESENDS,
    // Would ask INFO, which a careful ACL forbids. A server that is still loading says so to every command.
    enableReadyCheck: false,
    disableClientInfo: true,
    autoResubscribe: false,
    // After a failover the old primary may still answer, as a replica.
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
    ...(tls ? { tls: tlsOptions(tls) } : {}),
  } satisfies RedisOptions;
}

function tlsOptions({ ca, cert, key, minVersion, verifies }: ValkeyTls): ConnectionOptions {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    minVersion,
    rejectUnauthorized: verifies,
  };
}

function asSent(argument: ValkeyArgument): string | number | Buffer {
  if (!(argument instanceof Uint8Array)) return argument;
  return Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength);
}

function faultOf(cause: unknown): Fault {
  // The library hangs the command on its errors, with its arguments: a password, or megabytes.
  if (cause instanceof Error && "command" in cause) delete cause.command;
  if (cause instanceof Error && cause.message.startsWith("OOM")) {
    return new Fault("limit.busy", "the state store has no memory left", { cause });
  }
  return new Fault("state.unavailable", "the state store cannot be reached", { cause });
}
