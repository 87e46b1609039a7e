/** Settings that are accepted and change nothing: those whose description begins with "no effect". Who sets one is told. */
import type { z } from "zod";
import type { ConfigSources } from "./config.ts";
import { type Setting, settingsOf, valueAt } from "./settings.ts";
import { readYaml } from "./yaml-source.ts";

/** True for a setting that changes nothing. */
export function isWithoutEffect({ description = "" }: Setting): boolean {
  return description.startsWith("no effect");
}

/**
 * The settings without effect that YAML or the environment sets to something else than their default, as `path` or
 * `VARIABLE (path)`, in the order of the schema. Text that is not valid gives none: loading it has refused it.
 */
export function settingsWithoutEffect(
  schema: z.core.$ZodType,
  { yamlText = "", env }: Pick<ConfigSources, "yamlText" | "env">,
): string[] {
  const yaml: unknown = readYaml(yamlText, schema).value;
  return settingsOf(schema)
    .filter(isWithoutEffect)
    .flatMap((setting) => {
      const path = setting.path.join(".");
      const text = setting.env === undefined ? undefined : env[setting.env];
      if (text) return text === asText(setting.defaultValue) ? [] : [`${setting.env} (${path})`];
      const given = valueAt(yaml, setting.path);
      return given === undefined || asText(given) === asText(setting.defaultValue) ? [] : [path];
    });
}

/** As a variable would have it. */
function asText(value: unknown): string {
  if (Array.isArray(value)) return value.map(asText).join(",");
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
