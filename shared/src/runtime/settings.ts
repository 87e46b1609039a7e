/** Reads a configuration schema: which settings it has, which environment variable each one answers to, what kind of value it takes. */
import { z } from "zod";

/** How a setting is written as text, in the environment or as a plain YAML scalar. */
export type SettingKind = "string" | "boolean" | "number" | "list" | "structure";

/** One leaf of a configuration schema. */
export interface Setting {
  readonly path: readonly string[];
  /** Environment variable, from `.meta({ env })`. */
  readonly env?: string;
  /** Text of `.describe()`. */
  readonly description?: string;
  /** As it would be written in YAML; absent where the setting is required or optional. */
  readonly defaultValue?: unknown;
  readonly kind: SettingKind;
  readonly schema: z.core.$ZodType;
}

type Definition = z.core.$ZodTypes["_zod"]["def"];

/** A schema without its outer layers (default, optional, transform …), and what those layers said. */
export interface Unwrapped {
  readonly definition: Definition;
  readonly env?: string;
  readonly description?: string;
  readonly defaultValue?: unknown;
}

/** All leaves of a schema made of nested objects, in the order they are written. */
export function settingsOf(schema: z.core.$ZodType, path: readonly string[] = []): Setting[] {
  const { definition, ...said } = unwrap(schema);
  if (definition.type === "object") {
    return Object.entries(definition.shape).flatMap(([name, inner]) =>
      settingsOf(inner, [...path, name]),
    );
  }
  return [{ ...said, path, kind: kindOf(definition), schema }];
}

/** What lies at a setting's path in a configuration, parsed or not; undefined where nothing does. */
export function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === "object" && value !== null
        ? (value as Record<PropertyKey, unknown>)[step]
        : undefined,
    root,
  );
}

/** Takes the outer layers off. What an outer layer says wins over an inner one. */
export function unwrap(schema: z.core.$ZodType): Unwrapped {
  const definition = (schema as z.core.$ZodTypes)._zod.def;
  const inner = innerOf(definition);
  const { env, description } = z.globalRegistry.get(schema) ?? {};
  return {
    ...(inner ? unwrap(inner) : { definition }),
    ...("defaultValue" in definition ? { defaultValue: definition.defaultValue } : {}),
    ...(typeof env === "string" ? { env } : {}),
    ...(description === undefined ? {} : { description }),
  };
}

/** The kind of an unwrapped schema. */
export function kindOf(definition: Definition): SettingKind {
  switch (definition.type) {
    case "string":
    case "enum":
    case "template_literal":
      return "string";
    case "boolean":
    case "number":
      return definition.type;
    case "array":
      return "list";
    default:
      return "structure";
  }
}

function innerOf(definition: Definition): z.core.$ZodType | undefined {
  switch (definition.type) {
    case "default":
    case "prefault":
    case "optional":
    case "nonoptional":
    case "nullable":
    case "readonly":
    case "catch":
      return definition.innerType;
    case "pipe":
      return definition.in._zod.def.type === "transform" ? definition.out : definition.in;
    default:
      return undefined;
  }
}
