/** A second gateway before the store of the first, with its keys and its client: what it does, the first hears nothing of. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startGateway } from "../../services/cli/src/gateway.ts";
import { readGatewayConfig } from "../../services/cli/src/gateway-config.ts";
import { createLog } from "../../shared/src/runtime/log.ts";
import type { RunningGateway } from "./running-gateway.ts";
import { type WireClient, wireClientOf } from "./wire-client.ts";

/** Its client, and what it logged. */
export interface GatewayBeside extends AsyncDisposable {
  readonly client: WireClient;
  readonly lines: readonly string[];
}

/** Starts it, with more settings. */
export async function gatewayBeside(
  { settings, keys }: Pick<RunningGateway, "settings" | "keys">,
  more: Readonly<Record<string, string>> = {},
): Promise<GatewayBeside> {
  await using held = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "s3eg-beside-"));
  held.defer(() => rm(folder, { recursive: true, force: true }));
  const env = { ...settings, LISTEN_ADDR: "127.0.0.1:0", DATA_DIR: folder, ...more };
  const { config, roles } = readGatewayConfig([], env);
  const stack = held.use(new AsyncDisposableStack());
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLog({ service: "beside", level: "info", destination });
  const stop = new AbortController().signal;
  const { port = 0 } = await startGateway({ config, roles, env, stack, stop, log });
  const parts = held.move();
  return {
    client: wireClientOf(port, keys),
    lines,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
