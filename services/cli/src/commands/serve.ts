/** `s3eg serve`: reads the configuration and starts the roles of this process. */
import type { Starting } from "@s3eg/shared/runtime/lifecycle.ts";
import { createLog, type Log } from "@s3eg/shared/runtime/log.ts";
import { demoBanner, openDemo } from "../demo.ts";
import { startGateway } from "../gateway.ts";
import { type Env, readGatewayConfig } from "../gateway-config.ts";

/** Resolves with the log once everything listens. Everything opened is in the stack, to be closed in reverse. */
export async function serve(given: Starting & { args: readonly string[]; env: Env }): Promise<Log> {
  const { args, env, stack, stop } = given;
  const { config, roles } = readGatewayConfig(args, env);
  const service = roles.size === 1 ? [...roles].join() : "gateway";
  const log = createLog({ service, level: config.log_level });
  if (!roles.has("dev-store")) {
    await startGateway({ config, roles, env, stack, stop, log });
    return log;
  }
  const demo = await openDemo({ config, env, stack, log });
  const { port } = await startGateway({ config: demo.config, roles, env, stack, stop, log });
  if (port !== undefined) process.stdout.write(demoBanner(demo, port));
  return log;
}
