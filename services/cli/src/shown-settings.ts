/** The configuration as it may be shown: every value but secrets, and where it comes from. */
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { settingsOf, valueAt } from "@s3eg/shared/runtime/settings.ts";
import { readYaml } from "@s3eg/shared/runtime/yaml-source.ts";
import type { ShownSetting } from "../../admin/src/endpoints/configuration.ts";
import { configSources, type Env, type GatewayConfig, gatewaySchema } from "./gateway-config.ts";

const MASK = "[secret]";
/** Settings whose values are whatever users need to say who they are. */
const MASKED_SETTINGS = new Set(["audit.sink.headers"]);
/** Only the second lock: what is secret is a `Secret`. Names of files and variables may be shown. */
const SECRET_NAME = /(?:password|secret|token|pin|private)(?:_source|_key)?$/;
/** Who logs in by way of a URL has the password in it. */
const IN_URL = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]*@/gi;

/** Every setting of the configuration in force. Where a value comes from is told by the file as it is now, and the environment. */
export function shownSettings(config: GatewayConfig, env: Env): ShownSetting[] {
  const inFile = fileValue(env);
  return settingsOf(gatewaySchema).map(({ path, env: variable }) => {
    const name = path.join(".");
    const value = masked(valueAt(config, path), MASKED_SETTINGS.has(name) ? MASK : path.at(-1));
    return {
      name,
      source: sourceOf(variable, env, valueAt(inFile, path)),
      ...(value === undefined ? {} : { value }),
      ...(variable === undefined ? {} : { variable }),
    };
  });
}

function sourceOf(variable: string | undefined, env: Env, inFile: unknown): ShownSetting["source"] {
  if (variable !== undefined && env[variable]) return "environment";
  return inFile === undefined ? "default" : "file";
}

function fileValue(env: Env): unknown {
  try {
    const { yamlText } = configSources(env);
    return yamlText === undefined ? undefined : readYaml(yamlText, gatewaySchema).value;
  } catch {
    // It could be read at the start; what is in force is shown all the same.
    return undefined;
  }
}

/** The value as plain JSON. `name` is what it is called where it lies. */
function masked(value: unknown, name: string | undefined): unknown {
  if (value === undefined || value === null) return undefined;
  if (value instanceof Secret) return MASK;
  if (typeof value === "string") {
    return name !== undefined && SECRET_NAME.test(name)
      ? MASK
      : value.replaceAll(IN_URL, `$1${MASK}@`);
  }
  if (Array.isArray(value)) return value.map((item: unknown) => masked(item, name));
  if (typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, masked(inner, name === MASK ? "secret" : key)] as const)
      .filter(([, inner]) => inner !== undefined),
  );
}
