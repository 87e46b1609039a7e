/** The key store of the settings for tools: under the decisions of operators, with the folder that keys itself has. */
import { join } from "node:path";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { configuredCustodian } from "../../../keys/src/custody/configured-custodian.ts";
import { openRotation, type Rotation } from "../../../keys/src/rotation/configured-rotation.ts";
import type { Env, GatewayConfig } from "../gateway-config.ts";

/** Opens it without asking it for anything; `config.invalid` where the settings are not good. The caller closes the custodian. */
export async function openKeyVersions({
  config,
  env,
  log,
}: {
  readonly config: GatewayConfig;
  readonly env: Env;
  readonly log: Log;
}): Promise<Rotation> {
  const folder = join(config.data_dir, "keys");
  const parts = { config: config.encryption, env, folder, log };
  return openRotation(await configuredCustodian(parts), folder);
}
