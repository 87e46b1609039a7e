/** `s3eg serve`: reads the configuration and starts the roles of this process. */

import { collectWhenIdle, startedUp } from "@s3eg/shared/http/short-lived.ts";
import type { Starting } from "@s3eg/shared/runtime/lifecycle.ts";
import { type AdjustableLog, createLog, type Log } from "@s3eg/shared/runtime/log.ts";
import { demoBanner, openDemo } from "../demo.ts";
import { type RunningRoles, startGateway } from "../gateway.ts";
import { type Env, type GatewayConfig, readGatewayConfig } from "../gateway-config.ts";
import { startReloading } from "../reload/reload.ts";
import type { Role } from "../roles.ts";

/** What `serve` is given. */
export interface Serving extends Starting {
  readonly args: readonly string[];
  readonly env: Env;
  /** Shows text to whoever started it. */
  print(text: string): void;
}

/** Resolves with the log once everything listens. Everything opened is in the stack, to be closed in reverse. */
export async function serve(serving: Serving): Promise<Log> {
  const { args, env, stack, stop } = serving;
  const { config, roles, withoutEffect } = readGatewayConfig(args, env);
  const service = roles.size === 1 ? [...roles].join() : "gateway";
  const log = createLog({ service, level: config.log_level });
  if (withoutEffect.length > 0) {
    log.warn(
      { settings: withoutEffect },
      "settings without effect: docs/configuration.md says why",
    );
  }
  stack.use(collectWhenIdle());
  const starting = { roles, env, stack, stop, log };
  if (!roles.has("dev-store")) {
    const running = await startGateway({ ...starting, config });
    reloadWhileServing(serving, { ...starting, running, fillIn: (read) => read });
    startedUp();
    return log;
  }
  const demo = await openDemo({ config, env, stack, log });
  const running = await startGateway({ ...starting, config: demo.config });
  reloadWhileServing(serving, { ...starting, running, fillIn: (read) => demo.fillIn(read) });
  if (running.port !== undefined) serving.print(demoBanner(demo, running.port));
  return log;
}

/** Has the process go by what its files say, also when they change. */
function reloadWhileServing(
  { args, env, stack, onHangUp }: Serving,
  given: {
    readonly running: RunningRoles;
    readonly roles: ReadonlySet<Role>;
    readonly log: AdjustableLog;
    /** What a demo makes up is not in the files. */
    fillIn(read: GatewayConfig): GatewayConfig;
  },
): void {
  const { running, roles, log, fillIn } = given;
  const { rules, bus, metrics } = running;
  const reloader = startReloading({
    readConfig: () => fillIn(readGatewayConfig(args, env).config),
    rules,
    roles,
    env,
    rooms: { log, metrics, bus, roles: [...roles] },
  });
  stack.use(reloader);
  onHangUp(() => {
    reloader.reload().catch((err: unknown) => log.error({ err }, "reloading failed"));
  });
}
