/** A YAML file as a source of settings: parsed strictly, its scalars read as the schema means them, every value's line known. */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from "yaml";
import type { z } from "zod";
import { kindOf, unwrap } from "./settings.ts";

/** What one YAML text gives. */
export interface YamlSource {
  /** Plain values: `{}` for an empty text, or one that could not be read. */
  readonly value: Record<string, unknown>;
  /** What is wrong with the text as YAML. No part of the text is quoted: it may hold secrets. */
  readonly problems: readonly { readonly line?: number; readonly what: string }[];
  /** 1-based line of the setting at `path`, or of the nearest section around it. */
  lineOf(path: readonly PropertyKey[]): number | undefined;
}

/** More aliases than any configuration needs, far fewer than an alias bomb. */
const MAX_ALIASES = 50;

/**
 * Reads YAML 1.2 with unique keys. Three habits of the files users have are kept: a scalar where the schema wants text is that
 * text (`0600`, `12345`), `yes/no/on/off` are booleans where the schema wants one, and null or an empty string is "not set".
 */
export function readYaml(text: string, schema: z.core.$ZodType): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    merge: true,
  });
  const lineAt = (offset: number | undefined) =>
    offset === undefined ? undefined : lines.linePos(offset).line;
  const problems = [...document.errors, ...document.warnings].map((error) => ({
    line: lines.linePos(error.pos[0]).line,
    what: WORDS[error.code] ?? `is not valid YAML (${error.code})`,
  }));
  if (problems.length > 0) return { value: {}, problems, lineOf: () => undefined };
  readAs(document.contents, schema, document);
  return {
    ...plainValue(document),
    lineOf: (path) => lineAt(offsetOf(document, path)),
  };
}

const WORDS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: "the same key is given twice",
  MULTIPLE_DOCS: "there is more than one YAML document",
  TAB_AS_INDENT: "tabs cannot indent YAML",
  BAD_INDENT: "the indentation is wrong",
  NON_STRING_KEY: "keys must be text",
  TAG_RESOLVE_FAILED: "unknown YAML tag (quote a value that begins with !)",
};

function plainValue(document: Document): Pick<YamlSource, "value" | "problems"> {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {};
    if (typeof value === "object" && !Array.isArray(value)) {
      return { value: value as Record<string, unknown>, problems: [] };
    }
    return { value: {}, problems: [{ what: "must be a map of settings" }] };
  } catch {
    const what = "has an unknown alias, or too many (quote a value that begins with *)";
    return { value: {}, problems: [{ what }] };
  }
}

/** Rereads the scalars below `node` by the schema's kinds, and takes out what counts as not set. */
function readAs(node: unknown, schema: z.core.$ZodType, document: Document): void {
  const { definition } = unwrap(schema);
  const target = isAlias(node) ? node.resolve(document) : node;
  if (isScalar(target)) readScalar(target, kindOf(definition));
  else if (isSeq(target) && definition.type === "array") {
    for (const item of target.items) readAs(item, definition.element, document);
  } else if (isMap(target)) readMap(target, schema, document);
}

function readMap(map: YAMLMap, schema: z.core.$ZodType, document: Document): void {
  const { definition } = unwrap(schema);
  for (const { key, value } of map.items) {
    const name = isScalar(key) ? String(key.value) : "";
    if (name === "<<") readAs(value, schema, document);
    else if (definition.type === "record") readAs(value, definition.valueType, document);
    else if (definition.type === "object" && Object.hasOwn(definition.shape, name)) {
      readAs(value, definition.shape[name] as z.core.$ZodType, document);
    }
  }
  if (definition.type === "object") map.items = map.items.filter(isSet);
}

function isSet({ value }: Pair): boolean {
  return value !== null && !(isScalar(value) && (value.value === null || value.value === ""));
}

const YES_NO = /^(?:(y|yes|on)|(n|no|off))$/i;

function readScalar(scalar: Scalar, kind: string): void {
  if (scalar.type !== "PLAIN" || scalar.source === undefined || scalar.value === null) return;
  if (kind === "string") scalar.value = scalar.source;
  const word = YES_NO.exec(scalar.source);
  if (kind === "boolean" && word) scalar.value = word[1] !== undefined;
}

function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    let at: unknown;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
      at = pair?.key;
      node = pair?.value;
    } else if (isSeq(node)) {
      at = node.items[Number(step)];
      node = at;
    }
    if (!isNode(at)) return offset;
    offset = at.range?.[0];
  }
  return offset;
}
