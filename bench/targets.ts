/** The three servers that are measured side by side: the gateway, the bare backend, and the pass-through between. */
import { join } from "node:path";
import {
  type DistributedGateway,
  type Gateway,
  startDistributed,
  startGateway,
} from "../e2e/gateway.ts";
import { answersHttp, startChild, untilReady } from "../e2e/servers/child.ts";
import { freePort, makeScratch } from "../e2e/servers/place.ts";
import type { S3Server } from "../e2e/servers/s3-server.ts";

/** What is measured, by name; without `gateway` when only the harness is tried. */
export interface Targets extends AsyncDisposable {
  readonly backend: S3Server;
  readonly "pass-through": S3Server;
  /** Tells the roles of its processes where they are apart. */
  readonly gateway?: Gateway & Partial<Pick<DistributedGateway, "roles">>;
}

/** Name of a target, as printed. */
export type TargetName = "gateway" | "backend" | "pass-through";

/**
 * Starts the counting backend, the pass-through and (unless told not to) the gateway in front of the same backend: in one process, or
 * each role in its own.
 */
export async function startTargets({
  hasGateway,
  isDistributed = false,
}: {
  hasGateway: boolean;
  isDistributed?: boolean;
}): Promise<Targets> {
  const start = isDistributed ? startDistributed : startGateway;
  const stack = new AsyncDisposableStack();
  try {
    const scratch = stack.use(await makeScratch("bench"));
    const backend = stack.use(await startScript("counting-backend.ts", scratch.folder));
    const passThrough = stack.use(await startScript("pass-through.ts", backend.endpoint));
    const gateway = hasGateway ? stack.use(await start({ backend })) : undefined;
    return {
      backend,
      "pass-through": passThrough,
      ...(gateway === undefined ? {} : { gateway }),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Starts a script of this folder that serves HTTP on the port it is given; `argument` comes behind that. */
export async function startScript(script: string, argument: string): Promise<S3Server> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const child = await startChild({
    program: process.execPath,
    args: [join(import.meta.dirname, script), String(port), argument],
  });
  await untilReady(script, [child], { probe: () => answersHttp(`${endpoint}/`) });
  return {
    name: script,
    endpoint,
    region: "us-east-1",
    accessKey: "BENCHACCESSKEY000001",
    secretKey: "bench-secret-key",
    pids: [child.pid],
    [Symbol.asyncDispose]: child.stop,
  };
}
