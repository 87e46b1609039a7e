/** A gateway of some roles of one process, for tests of how they are wired. */
import { once } from "node:events";
import { createServer } from "node:net";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { type WorkerAlive, workerAlive } from "@s3eg/shared/contracts/crypto.ts";
import { startGateway } from "../src/gateway.ts";
import { type Env, readGatewayConfig } from "../src/gateway-config.ts";
import { COMPLETE, KeptLog, scratchFolder } from "./environment.ts";

const SECRETS = { SERVICE_SECRET: "11".repeat(32), KEYS_SECRET: "22".repeat(32) };
/** The environment of a role in a process of its own; nobody is at the places that it names. */
export const SPLIT: Env = {
  ...COMPLETE,
  ...SECRETS,
  NATS_URL: "nats://127.0.0.1:1",
  VALKEY_ADDR: "127.0.0.1:1",
};
/** Takes the key store out, which keys alone may have. */
export const NO_KEYS: Env = { KEY_MANAGER_ENABLED: "", SELF_CONTAINED_AES_KEYS: "" };

/** A gateway of some roles, on a memory bus in the place of NATS where there is one. */
export async function gatewayOf(roleNames: string[], env: Env) {
  await using held = new AsyncDisposableStack();
  const { folder } = held.use(await scratchFolder());
  const all = { ...env, DATA_DIR: folder };
  const { config, roles } = readGatewayConfig(roleNames, all);
  const log = new KeptLog();
  const bus = new MemoryBus({ log });
  const workers: WorkerAlive[] = [];
  bus.subscribe(workerAlive, (fact) => workers.push(fact));
  const stack = new AsyncDisposableStack();
  held.defer(() => stack.disposeAsync());
  const stop = new AbortController().signal;
  const { port } = await startGateway({ config, roles, env: all, stack, stop, log, bus });
  const parts = held.move();
  return {
    port,
    bus,
    log,
    workers,
    stop: () => stack.disposeAsync(),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** What the probe of readiness says at `host:port`. */
export async function readinessOf(address: string): Promise<{ status: number; checks: unknown }> {
  const answer = await fetch(`http://${address}/ready`);
  const { checks } = (await answer.json()) as { checks: unknown };
  return { status: answer.status, checks };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}
