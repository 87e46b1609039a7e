/** Where settings were given: the variable, or the file and its line. */
import type { z } from "zod";
import type { ConfigSources } from "./config.ts";
import { settingsOf, valueAt } from "./settings.ts";
import { readYaml } from "./yaml-source.ts";

/** The place of every setting that YAML or a variable gives, by its dotted path: `VARIABLE` or `config.yaml line 3`. */
export function givenPlaces(
  schema: z.core.$ZodType,
  { yamlText = "", yamlName = "config.yaml", env }: ConfigSources,
): Readonly<Record<string, string>> {
  const yaml = readYaml(yamlText, schema);
  const places = settingsOf(schema).flatMap(({ path, env: variable }) => {
    if (variable !== undefined && env[variable]) return [[path.join("."), variable] as const];
    if (valueAt(yaml.value, path) === undefined) return [];
    const line = yaml.lineOf(path);
    return [[path.join("."), line === undefined ? yamlName : `${yamlName} line ${line}`] as const];
  });
  return Object.fromEntries(places);
}
