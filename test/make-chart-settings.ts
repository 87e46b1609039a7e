/** Makes what the chart knows of the settings from their schemas: which variable a value becomes and which services get it, and the schema of `config`. */
import { readFileSync, writeFileSync } from "node:fs";
import { gatewaySchema } from "../services/cli/src/gateway-config.ts";
import { type Setting, settingsOf } from "../shared/src/runtime/settings.ts";

const CHART = new URL("../helm/s3-encryption-gateway/", import.meta.url);
const ALL = ["edge", "crypto", "keys", "audit", "admin"];
const S3_SIDE = ["edge", "crypto"];

/** Who gets the settings below a path, the longest one first found (ARCHITECTURE.md, "The services and what each may know"). */
const AUDIENCE: readonly (readonly [string, readonly string[]])[] = [
  ["encryption.key_manager.dek_cache", ["crypto", "keys"]],
  ["encryption.key_manager", ["keys"]],
  ["encryption.password", ["keys"]],
  ["encryption.former_passwords", ["keys"]],
  ["encryption.key_file", ["keys"]],
  ["encryption.metadata_encryption_key", ["keys"]],
  ["encryption.kdf", ["keys"]],
  ["encryption", ALL],
  ["service.keys_secret", ["crypto", "keys"]],
  ["service.tls", S3_SIDE],
  ["service", ALL],
  ["backend", S3_SIDE],
  ["auth", ["edge"]],
  ["crypto", ["crypto"]],
  ["legacy", ["crypto"]],
  ["multipart_state", S3_SIDE],
  ["server", S3_SIDE],
  ["limits", S3_SIDE],
  ["admin", ["admin"]],
  ["audit.sink", ["audit"]],
  ["audit.chain_key", ["audit"]],
  ["audit.enabled", ["edge", "audit", "admin"]],
  ["audit", ["edge", "audit"]],
  ["nats", ALL],
  ["tracing", ALL],
  ["metrics", ALL],
  ["logging", ALL],
  ["log_level", ALL],
  ["zone", ALL],
  ["", ["edge"]],
];

/** What the chart itself decides: where things listen, and where they keep what they keep. */
const OF_THE_CHART = new Set([
  "listen_addr",
  "data_dir",
  "metrics.addr",
  "crypto.listen_addr",
  "crypto.advertise_url",
  "admin.address",
]);

/** The files of the chart as they should be, by their path in it. */
export function chartFiles(): ReadonlyMap<string, string> {
  const settings = settingsOf(gatewaySchema).filter(isOfValues);
  return new Map([
    ["files/settings.json", `${JSON.stringify(tableOf(settings), undefined, 1)}\n`],
    ["files/rules.yaml", rules()],
    ["values.schema.json", `${JSON.stringify(schemaWith(settings), undefined, 1)}\n`],
  ]);
}

/** All groups of deploy/prometheus/rules in one file: a chart can't read outside its folder. */
function rules(): string {
  const texts = ["recording", "alerts"].map((name) =>
    readFileSync(new URL(`../deploy/prometheus/rules/${name}.yaml`, import.meta.url), "utf8"),
  );
  return `groups:\n${texts.map((text) => text.slice(text.indexOf("groups:\n") + 8)).join("")}`;
}

/** Where a file of the chart lies. */
export function chartFile(path: string): URL {
  return new URL(path, CHART);
}

function isOfValues({ path, env }: Setting): boolean {
  return env !== undefined && /^[A-Z0-9_]+$/.test(env) && !OF_THE_CHART.has(path.join("."));
}

function tableOf(settings: readonly Setting[]) {
  return settings.map(({ path, env }) => ({
    path: path.map(camelCase).join("."),
    env,
    services: audienceOf(path.join(".")),
  }));
}

function audienceOf(path: string): readonly string[] {
  const found = AUDIENCE.find(
    ([prefix]) => `${path}.`.startsWith(prefix && `${prefix}.`) || path.startsWith(`${prefix}_`),
  );
  return found?.[1] ?? [];
}

function camelCase(name: string): string {
  return name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

interface Node {
  [name: string]: Node | undefined;
}

/** The part of the schema by hand that is known here. */
interface ValuesSchema {
  readonly properties: { readonly config: { readonly properties: Record<string, SchemaNode> } };
}

/** The schema of all values: written by hand but for `config`, whose settings are those of the gateway. */
function schemaWith(settings: readonly Setting[]) {
  const text = readFileSync(chartFile("values.base.schema.json"), "utf8");
  const schema = JSON.parse(text) as ValuesSchema;
  const tree: Node = {};
  for (const { path } of settings) {
    let node = tree;
    for (const name of path.map(camelCase)) node = node[name] ??= {};
  }
  const config = mergedWith(schemaOf(tree), schema.properties.config.properties);
  return { ...schema, properties: { ...schema.properties, config } };
}

function schemaOf(node: Node): SchemaNode {
  const names = Object.keys(node);
  if (names.length === 0) return { $ref: "#/$defs/setting" };
  const properties = Object.fromEntries(
    names.map((name) => [name, schemaOf(node[name] ?? {})] as const),
  );
  return { type: "object", additionalProperties: false, properties };
}

interface SchemaNode {
  $ref?: string;
  type?: string;
  additionalProperties?: boolean;
  properties?: Record<string, SchemaNode>;
}

/** What the chart has beside variables, such as lists of credentials, at its place in the tree. */
function mergedWith(node: SchemaNode, extra: Record<string, SchemaNode>): SchemaNode {
  const properties = { ...node.properties };
  for (const [name, inner] of Object.entries(extra)) {
    const present = properties[name];
    properties[name] =
      present?.properties && inner.properties ? mergedWith(present, inner.properties) : inner;
  }
  return { ...node, properties };
}

if (import.meta.main) {
  for (const [path, text] of chartFiles()) writeFileSync(chartFile(path), text);
}
