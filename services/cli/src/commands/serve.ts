/** `s3eg serve`: reads the configuration and starts the roles of this process. */

import { collectWhenIdle, startedUp } from "@s3eg/shared/http/short-lived.ts";
import type { Starting } from "@s3eg/shared/runtime/lifecycle.ts";
import { createLog, type Log } from "@s3eg/shared/runtime/log.ts";
import { demoBanner, openDemo } from "../demo.ts";
import { startGateway } from "../gateway.ts";
import { type Env, readGatewayConfig } from "../gateway-config.ts";

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
  if (!roles.has("dev-store")) {
    await startGateway({ config, roles, env, stack, stop, log });
    startedUp();
    return log;
  }
  const demo = await openDemo({ config, env, stack, log });
  const { port } = await startGateway({ config: demo.config, roles, env, stack, stop, log });
  if (port !== undefined) serving.print(demoBanner(demo, port));
  return log;
}
