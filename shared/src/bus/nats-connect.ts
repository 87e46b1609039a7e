/** Makes the connection to NATS, with the settings that survive a broker's restart. */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Authenticator,
  connect,
  credsAuthenticator,
  errors,
  type NatsConnection,
  type NodeConnectionOptions,
  nkeyAuthenticator,
} from "@nats-io/transport-node";
import { Fault } from "../faults.ts";
import type { Log } from "../runtime/log.ts";

const FIRST_CONNECT_PAUSE_MS = 500;

/** How to reach the broker and how to appear there. */
export interface NatsConnectOptions {
  /** `nats://host:port` or `tls://host:port`. */
  readonly servers: string | readonly string[];
  /** Shown by the broker for this connection. */
  readonly name: string;
  /** A `.creds` file (JWT and seed), or a file that holds an nkey seed alone. */
  readonly credsFile?: string | undefined;
  readonly tls?: NatsTls | undefined;
  /** For accounts that give each role private inboxes. */
  readonly inboxPrefix?: string | undefined;
  /** False where a LocalFirstBus delivers this process's own announcements. Default true. */
  readonly hearsItself?: boolean | undefined;
  /** Gives up waiting for the first connection. */
  readonly signal?: AbortSignal | undefined;
  readonly log: Log;
}

interface NatsTls {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

/** The first connection; from then on the client reconnects for ever. Tries, and throws, as `NatsBus.connect` says. */
export async function connectToNats(options: NatsConnectOptions): Promise<NatsConnection> {
  const connection = await connectionOptions(options);
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      return await connect(connection);
    } catch (error) {
      if (error instanceof errors.AuthorizationError) {
        throw new Fault("config.invalid", "NATS refuses the credentials", { cause: error });
      }
      options.log.warn({ err: error }, "NATS cannot be reached yet");
    }
    await sleep(FIRST_CONNECT_PAUSE_MS, undefined, options.signal && { signal: options.signal });
  }
}

async function connectionOptions(options: NatsConnectOptions): Promise<NodeConnectionOptions> {
  const { servers, name, tls, inboxPrefix, credsFile, hearsItself = true } = options;
  return {
    servers: typeof servers === "string" ? [servers] : [...servers],
    name,
    ...(tls ? { tls: present(tls) } : {}),
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
    ...(credsFile === undefined ? {} : { authenticator: await authenticatorOf(credsFile) }),
    noEcho: !hearsItself,
    noAsyncTraces: true,
    // A broker that refuses the credentials for a while, during its own reconfiguration, must not end us.
    ignoreAuthErrorAbort: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitterTLS: 500,
    pingInterval: 10_000,
    maxPingOut: 2,
    timeout: 5000,
  };
}

async function authenticatorOf(credsFile: string): Promise<Authenticator> {
  const creds = await readFile(credsFile);
  return creds.includes("BEGIN NATS USER JWT")
    ? credsAuthenticator(creds)
    : nkeyAuthenticator(Buffer.from(creds.toString().trim()));
}

/** The files that are given: the client takes a key that is there and undefined for a file name. */
function present(tls: NatsTls): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tls).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
