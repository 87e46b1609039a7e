/** `s3eg check-config`: reads the configuration as `serve` would, and says that it is good or everything that is not. */
import { join } from "node:path";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import type { Policies } from "../../../edge/src/auth/policy.ts";
import { activeStore } from "../../../keys/src/config/configured-stores.ts";
import { configuredCustodian } from "../../../keys/src/custody/configured-custodian.ts";
import { configSchema } from "../config-schema.ts";
import { type Env, type GatewayConfig, readGatewayConfig } from "../gateway-config.ts";
import type { Role } from "../roles.ts";
import { readRules } from "../rules.ts";
import { refuseUnknownKeys } from "../wiring/policy-keys.ts";
import { secretsOf } from "../wiring/secrets.ts";

/** What is wrong is said as problems, not logged. */
const NOWHERE = { write: () => {} };

/** Text for the terminal, or with `--schema` the JSON schema of the configuration; throws `config.invalid` with every problem, also those of the files and variables that settings name. */
export async function checkConfig(args: readonly string[], env: Env): Promise<string> {
  if (args.includes("--schema")) return configSchema();
  const { config, roles, withoutEffect } = readGatewayConfig(args, env);
  let policies: Policies | undefined;
  const problems = await problemsOf([
    () => {
      const { entrance } = readRules(config, { roles, env });
      if (roles.has("edge")) policies = entrance?.policies;
    },
    () => secretsOf(config, roles),
    async () => await openKeys({ config, roles, env }, policies),
  ]);
  if (problems.length > 0) throw new Fault("config.invalid", problems.join("\n"));
  const unused = withoutEffect.map((name) => `without effect: ${name}\n`);
  return `${unused.join("")}configuration is good for: ${[...roles].join(", ")}\n`;
}

async function openKeys(
  { config, roles, env }: { config: GatewayConfig; roles: ReadonlySet<Role>; env: Env },
  policies: Policies | undefined,
): Promise<void> {
  const isMadeUp = roles.has("dev-store") && activeStore(config.encryption) === undefined;
  if (!roles.has("keys") || isMadeUp) return;
  const folder = join(config.data_dir, "keys");
  const log = createLog({ service: "check-config", level: "error", destination: NOWHERE });
  const parts = { config: config.encryption, env, folder, log };
  await using custodians = await configuredCustodian(parts);
  if (policies) refuseUnknownKeys(policies, custodians);
}

async function problemsOf(steps: readonly (() => unknown)[]): Promise<string[]> {
  const problems: string[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      if (!isFault(error, "config.invalid")) throw error;
      problems.push(error.message);
    }
  }
  return problems;
}
