/** `s3eg check-config`: reads the configuration as `serve` would, and says that it is good or everything that is not. */
import { type Env, readGatewayConfig } from "../gateway-config.ts";

/** Text for the terminal; throws `config.invalid` with every problem. */
export async function checkConfig(args: readonly string[], env: Env): Promise<string> {
  const { roles } = readGatewayConfig(args, env);
  return await Promise.resolve(`configuration is good for: ${[...roles].join(", ")}\n`);
}
