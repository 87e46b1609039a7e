/** Rules for tests, from an environment. */
import { readGatewayConfig } from "../../src/gateway-config.ts";
import { type Rules, readRules } from "../../src/rules.ts";
import { COMPLETE } from "../environment.ts";

/** Those of a gateway in one process, with more settings. */
export function rulesOf(more: Readonly<Record<string, string>> = {}): Rules {
  const env = { ...COMPLETE, ...more };
  const { config, roles } = readGatewayConfig([], env);
  return readRules(config, { roles, env });
}
