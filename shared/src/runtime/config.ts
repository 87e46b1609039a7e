/**
 * Configuration: one YAML file and the environment, read through zod. A section is a `z.strictObject` whose leaves carry their
 * variable as `.meta({ env: "LISTEN_ADDR" })` and their meaning as `.describe()`; nested sections end in `.prefault({})`.
 */
import { isIP } from "node:net";
import { z } from "zod";
import { Fault } from "../faults.ts";
import { Secret } from "./secret.ts";
import { kindOf, type SettingKind, settingsOf, unwrap, valueAt } from "./settings.ts";
import { readYaml, type YamlSource } from "./yaml-source.ts";

/** Where settings come from. */
export interface ConfigSources {
  readonly yamlText?: string;
  /** How the YAML text is called in problems. Default `config.yaml`. */
  readonly yamlName?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Top-level YAML keys that belong to others: accepted, not read. */
  readonly otherSections?: readonly string[];
}

/**
 * Reads, overlays, parses and freezes a configuration. The environment wins over YAML; an empty variable, like an empty YAML
 * value, is "not set". Throws one `config.invalid` whose message has a line for every problem found and quotes no value.
 */
export function loadConfig<Value>(schema: z.ZodType<Value>, sources: ConfigSources): Value {
  const yaml = readYaml(sources.yamlText ?? "", schema);
  for (const section of sources.otherSections ?? []) delete yaml.value[section];
  const names = new SettingNames(schema, sources, yaml);
  const problems = yaml.problems.map(({ line, what }) => names.inYaml(what, line));
  problems.push(...overlayEnvironment(yaml.value, schema, sources.env));
  const parsed = schema.safeParse(yaml.value);
  // What is missing is not reported while the text that may hold it could not be read.
  if (!parsed.success && yaml.problems.length === 0) {
    problems.push(...parsed.error.issues.flatMap((issue) => names.issue(issue)));
  }
  if (problems.length > 0 || !parsed.success) {
    const unique = [...new Set(problems)];
    throw new Fault("config.invalid", unique.join("\n"), { details: { problems: unique.length } });
  }
  return deepFreeze(parsed.data);
}

/** How problems call the setting at `path`: by its file and line, or by its variable. */
export function settingPlace(
  schema: z.core.$ZodType,
  sources: ConfigSources,
  path: readonly string[],
): string {
  return new SettingNames(schema, sources, readYaml(sources.yamlText ?? "", schema)).place(path);
}

/** A Go duration (`100ms`, `1h30m`, `0`) as milliseconds. */
export function durationMs() {
  return z.string().transform((text, context) => {
    const milliseconds = goDurationMs(text);
    if (milliseconds !== undefined) return milliseconds;
    context.addIssue({
      code: "custom",
      message: "expected a duration such as 100ms, 30s or 1h30m",
    });
    return z.NEVER;
  });
}

/** Text that is never printed. */
export function secret() {
  return z
    .string()
    .min(1)
    .transform((text) => new Secret(text));
}

/** Where to listen; fits `server.listen`. */
export interface ListenAddress {
  /** Absent: all interfaces. */
  readonly host?: string;
  /** 0: any free port. */
  readonly port: number;
}

/** `:8080`, `127.0.0.1:8080` or `[::1]:8080`. */
export function listenAddress() {
  return z.string().transform((text, context): ListenAddress => {
    const [, bracketed, bare, digits] = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
    const port = Number(digits);
    if (
      digits !== undefined &&
      port <= 65_535 &&
      (bracketed === undefined || isIP(bracketed) === 6)
    ) {
      const host = bracketed ?? bare;
      return host ? { host, port } : { port };
    }
    const message = "expected an address such as :8080, 127.0.0.1:8080 or [::1]:8080";
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });
}

/** Permission bits of a file, written in octal (`0600`). */
export function fileMode() {
  return z
    .string()
    .regex(/^(?:0o?)?[0-7]{3}$/, "expected an octal file mode such as 0600")
    .transform((text) => Number.parseInt(text.replace("o", ""), 8));
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Go's `time.ParseDuration` without the sign. */
function goDurationMs(text: string): number | undefined {
  if (text === "0") return 0;
  const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;
  let sum = 0;
  while (part.lastIndex < text.length) {
    const [, amount, unit] = part.exec(text) ?? [];
    if (amount === undefined || unit === undefined) return undefined;
    sum += Number(amount) * (UNITS_MS[unit] ?? Number.NaN);
  }
  return text === "" ? undefined : sum;
}

/** Writes the environment's values into `value`; gives the problems of those that do not parse. */
function overlayEnvironment(
  value: Record<string, unknown>,
  schema: z.core.$ZodType,
  env: ConfigSources["env"],
): string[] {
  const problems: string[] = [];
  for (const setting of settingsOf(schema)) {
    const text = setting.env === undefined ? undefined : env[setting.env];
    if (text === undefined || text === "") continue;
    try {
      setAt(value, setting.path, fromText(text, setting.schema));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      problems.push(`${setting.env} (${setting.path.join(".")}): ${error.message}`);
    }
  }
  return problems;
}

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A variable's text as the value YAML would have given. Throws TypeError where it is none. */
function fromText(text: string, schema: z.core.$ZodType): unknown {
  const { definition } = unwrap(schema);
  const kind: SettingKind = kindOf(definition);
  if (kind === "string") return text;
  if (definition.type === "array") {
    const items = text.split(",").map((item) => item.trim());
    return items
      .filter((item) => item !== "")
      .map((item) => itemFromText(item, definition.element));
  }
  if (kind === "boolean") {
    if (["true", "1"].includes(text)) return true;
    if (["false", "0"].includes(text)) return false;
    throw new TypeError("expected true, 1, false or 0");
  }
  if (kind === "number" && NUMBER.test(text)) return Number(text);
  throw new TypeError(kind === "number" ? "expected a number" : "cannot be given as a variable");
}

/** An item that is a structure is passed on as text: its schema may know a compact form (`1=env:KEY`), and refuses it otherwise. */
function itemFromText(text: string, schema: z.core.$ZodType): unknown {
  return kindOf(unwrap(schema).definition) === "structure" ? text : fromText(text, schema);
}

function setAt(root: Record<string, unknown>, path: readonly string[], leaf: unknown): void {
  let section = root;
  for (const name of path.slice(0, -1)) {
    section[name] ??= {};
    const inner = section[name];
    // A section that YAML made something else of is reported by the schema.
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return;
    section = inner as Record<string, unknown>;
  }
  section[path.at(-1) ?? ""] = leaf;
}

/** Says which setting a problem is about, the way its author wrote it. */
class SettingNames {
  readonly #variables: ReadonlyMap<string, string>;
  readonly #sources: ConfigSources;
  readonly #yaml: YamlSource;

  constructor(schema: z.core.$ZodType, sources: ConfigSources, yaml: YamlSource) {
    const named = settingsOf(schema).filter(({ env }) => env !== undefined);
    this.#variables = new Map(named.map(({ path, env }) => [path.join("."), env ?? ""]));
    this.#sources = sources;
    this.#yaml = yaml;
  }

  inYaml(what: string, line?: number): string {
    const name = this.#sources.yamlName ?? "config.yaml";
    return line === undefined ? `${name}: ${what}` : `${name} line ${line}: ${what}`;
  }

  issue(issue: z.core.$ZodIssue): string[] {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => this.#about([...issue.path, key], "unknown setting"));
    }
    const isMissing = valueAt(this.#yaml.value, issue.path) === undefined;
    const isRequired = isMissing && ["invalid_type", "invalid_value"].includes(issue.code);
    const message = `${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`;
    return [this.#about(issue.path, isRequired ? "is required" : message)];
  }

  place(path: readonly PropertyKey[]): string {
    const dotted = path.map(String).join(".");
    const variable = this.#variables.get(dotted);
    if (variable !== undefined && this.#sources.env[variable]) return `${variable} (${dotted})`;
    const subject = variable === undefined ? dotted : `${dotted} (${variable})`;
    return this.inYaml(subject, this.#yaml.lineOf(path));
  }

  #about(path: readonly PropertyKey[], what: string): string {
    return path.length === 0 ? this.inYaml(what) : `${this.place(path)}: ${what}`;
  }
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value) || prototype === Object.prototype || prototype === null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
