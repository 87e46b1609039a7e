/** A whole gateway in this process: every role, the memory bus, and a dev-store behind it. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startGateway } from "../../services/cli/src/gateway.ts";
import { readGatewayConfig } from "../../services/cli/src/gateway-config.ts";
import { startReloading } from "../../services/cli/src/reload/reload.ts";
import { type DevStore, startDevStore } from "../../services/dev-store/src/main.ts";
import { createLog } from "../../shared/src/runtime/log.ts";
import type { Metrics } from "../../shared/src/runtime/metrics.ts";
import { Secret } from "../../shared/src/runtime/secret.ts";
import { TappedBus } from "./tapped-bus.ts";
import { type WireClient, wireClientOf } from "./wire-client.ts";

/** What a test wants otherwise. */
export interface GatewayWish {
  readonly env?: Readonly<Record<string, string>>;
  /** Policy files, as YAML. */
  readonly policies?: readonly string[];
  /** Has it go by its files when they change, as `serve` does. */
  readonly reloads?: boolean;
}

/** A request as the gateway logs it when it has ended. */
export interface FinishedRequest {
  readonly op: string;
  readonly status: number;
  readonly code?: string;
}

/** A running gateway. */
export interface RunningGateway extends AsyncDisposable {
  readonly port: number;
  readonly client: WireClient;
  readonly keys: { readonly accessKey: string; readonly secretKey: string };
  readonly kek: Buffer;
  readonly store: DevStore;
  /** What the command line needs to work beside it: the store, a client, and the key. */
  readonly settings: Readonly<
    Record<"BACKEND_ENDPOINT" | "BACKEND_ACCESS_KEY" | "BACKEND_SECRET_KEY", string> &
      Record<string, string>
  >;
  readonly bus: TappedBus;
  /** The store, asked directly. */
  readonly behind: WireClient;
  /** Every line logged so far, by gateway and store. */
  readonly lines: readonly string[];
  readonly metrics: Metrics;
  /** The requests that the gateway has finished and logged so far. */
  finished(): readonly FinishedRequest[];
  /** Stops the gateway as SIGTERM would; the store goes on. */
  stop(): Promise<void>;
}

/** The bucket that is there from the start. */
export const BUCKET = "photos";

/** Starts a store with a bucket, and a gateway in front of it. */
export async function runningGateway(wish: GatewayWish = {}): Promise<RunningGateway> {
  await using held = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "s3eg-gateway-"));
  held.defer(() => rm(folder, { recursive: true, force: true }));
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLog({ service: "test", level: "debug", destination });
  const storeKeys = { accessKey: "STORE", secretKey: randomBytes(16).toString("hex") };
  const credentials = [{ accessKey: "STORE", secretKey: new Secret(storeKeys.secretKey) }];
  const at = { folder: join(folder, "store"), host: "127.0.0.1", port: 0 };
  const store = held.use(await startDevStore({ ...at, credentials, log }));
  const keys = { accessKey: "CLIENT", secretKey: randomBytes(16).toString("hex") };
  const kek = randomBytes(32);
  const settings = {
    BACKEND_ENDPOINT: store.endpoint.origin,
    BACKEND_ACCESS_KEY: storeKeys.accessKey,
    BACKEND_SECRET_KEY: storeKeys.secretKey,
    GW_CRED_0_ACCESS_KEY: keys.accessKey,
    GW_CRED_0_SECRET_KEY: keys.secretKey,
    KEY_MANAGER_ENABLED: "true",
    KEY_MANAGER_PROVIDER: "self_contained",
    SELF_CONTAINED_TYPE: "aes",
    SELF_CONTAINED_AES_KEYS: "1=env:KEK",
    KEK: kek.toString("base64"),
  };
  const env = {
    LISTEN_ADDR: "127.0.0.1:0",
    ...settings,
    BACKEND_RETRY_INITIAL_BACKOFF: "1ms",
    BACKEND_RETRY_MAX_BACKOFF: "2ms",
    DATA_DIR: join(folder, "data"),
    AUDIT_ENABLED: "false",
    POLICIES: await policyGlob(folder, wish.policies ?? []),
    ...wish.env,
  };
  const { config, roles } = readGatewayConfig([], env);
  const stack = new AsyncDisposableStack();
  held.defer(() => stack.disposeAsync());
  const bus = new TappedBus(log);
  const stop = new AbortController().signal;
  const running = await startGateway({ config, roles, env, stack, stop, log, bus });
  const { port, rules, metrics } = running;
  if (port === undefined) throw new Error("edge does not listen");
  if (wish.reloads) {
    const rooms = { log, metrics, bus, roles: [...roles] };
    const readConfig = () => readGatewayConfig([], env).config;
    const watch = { quietMs: 10, pollMs: 50 };
    stack.use(startReloading({ readConfig, rules, roles, env, rooms, watch }));
  }
  const behind = wireClientOf(Number(store.endpoint.port), storeKeys);
  await behind.send("PUT", `/${BUCKET}`);
  const parts = held.move();
  return {
    port,
    client: wireClientOf(port, keys),
    keys,
    kek,
    store,
    settings,
    bus,
    behind,
    lines,
    metrics,
    finished: () => lines.flatMap(finishedRequest),
    stop: () => stack.disposeAsync(),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** Resolves when the condition holds; fails after five seconds. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await sleep(2);
  }
}

function finishedRequest(line: string): FinishedRequest[] {
  const logged = JSON.parse(line) as FinishedRequest & { readonly msg: string };
  return logged.msg === "request" || logged.msg === "request failed" ? [logged] : [];
}

async function policyGlob(folder: string, policies: readonly string[]): Promise<string> {
  for (const [index, policy] of policies.entries()) {
    await writeFile(join(folder, `policy-${index}.yaml`), policy);
  }
  return policies.length === 0 ? "" : join(folder, "policy-*.yaml");
}
