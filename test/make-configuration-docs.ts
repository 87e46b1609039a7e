/** Makes what docs/ says of the configuration from its schemas: the tables of configuration.md, and config.schema.json. */
import { readFileSync, writeFileSync } from "node:fs";
import { configSchema } from "../services/cli/src/config-schema.ts";
import { gatewaySchema } from "../services/cli/src/gateway-config.ts";
import { policyFile } from "../services/edge/src/config/policy-file.ts";
import { type Setting, settingsOf, unwrap } from "../shared/src/runtime/settings.ts";

const at = (path: string) => new URL(`../docs/${path}`, import.meta.url);

/** The documents as they should be, by name. */
export function configurationDocs(): ReadonlyMap<string, string> {
  const text = readFileSync(at("configuration.md"), "utf8");
  const document = [
    ["settings", gatewaySettings()],
    ["policy", tableOf(settingsOf(policyFile), { hasVariables: false })],
  ].reduce((soFar, [name = "", table = ""]) => withTable(soFar, name, table), text);
  return new Map([
    ["configuration.md", document],
    ["config.schema.json", configSchema()],
  ]);
}

/** The document with the text between the marks of `name` replaced. */
function withTable(document: string, name: string, table: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [before, rest] = document.split(begin);
  const [, after] = (rest ?? "").split(end);
  if (before === undefined || after === undefined) {
    throw new Error(`docs/configuration.md has no ${begin} … ${end}`);
  }
  return `${before}${begin}\n\n${table}\n${end}${after}`;
}

/** A table for the top level, and one for each section. */
function gatewaySettings(): string {
  const sections = Map.groupBy(settingsOf(gatewaySchema), ({ path }) =>
    path.length === 1 ? "" : (path[0] ?? ""),
  );
  return [...sections]
    .map(([name, settings]) => {
      const heading = name === "" ? "### Top level" : `### \`${name}\``;
      return `${heading}\n\n${tableOf(settings, { hasVariables: true })}`;
    })
    .join("\n");
}

function tableOf(settings: readonly Setting[], { hasVariables }: { hasVariables: boolean }) {
  const row = (setting: string, variable: string, ...rest: readonly string[]) =>
    `| ${[setting, ...(hasVariables ? [variable] : []), ...rest].join(" | ")} |\n`;
  const rows = settings.map((setting) =>
    row(
      code(setting.path.join(".")),
      code(setting.env),
      kindText(setting),
      code(defaultText(setting)),
      (setting.description ?? "").replaceAll("|", "\\|"),
    ),
  );
  const head = row("setting", "variable", "kind", "default", "meaning");
  return `${head}${row("---", "---", "---", "---", "---")}${rows.join("")}`;
}

function code(text: string | undefined): string {
  return text === undefined || text === "" ? "" : `\`${text.replaceAll("|", "\\|")}\``;
}

function kindText({ kind, schema }: Setting): string {
  const { definition } = unwrap(schema);
  if (definition.type === "enum") return Object.values(definition.entries).map(String).join(", ");
  return {
    string: "text",
    boolean: "true, false",
    number: "number",
    list: "list",
    structure: "map",
  }[kind];
}

/** Long ones are told in the meaning, or in the example. */
function defaultText({ defaultValue }: Setting): string | undefined {
  if (defaultValue === undefined || defaultValue === "") return undefined;
  if (typeof defaultValue === "string") return defaultValue;
  const text = JSON.stringify(defaultValue);
  return text.length > 60 ? "see config.schema.json" : text;
}

if (import.meta.main) {
  for (const [name, text] of configurationDocs()) writeFileSync(at(name), text);
}
