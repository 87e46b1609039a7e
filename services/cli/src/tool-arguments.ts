/** What tools are called with: options and operands in any order, and the exit codes they answer with. */
import { parseArgs } from "node:util";
import { isFault } from "@s3eg/shared/faults.ts";
import type { Env } from "./gateway-config.ts";

/** Exit codes of tools: scripts know them. 78 is EX_CONFIG of sysexits.h. */
export const EXIT = { failed: 1, usage: 2, notFound: 3, versionMismatch: 4, config: 78 } as const;

/** A failure that has an exit code of its own. */
export class ToolFailure extends Error {
  override readonly name = "ToolFailure";
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The exit code that a failure means. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ToolFailure) return error.exitCode;
  if (isFault(error, "config.invalid")) return EXIT.config;
  if (isFault(error, "backend.refused") && error.details.status === 404) return EXIT.notFound;
  return EXIT.failed;
}

/** The arguments of a tool, read. */
export interface ToolArguments {
  readonly operands: readonly string[];
  /** Values of the options that were given. */
  readonly options: Readonly<Record<string, string | undefined>>;
  /** The environment, with what `--config` and `--log-level` change in it. */
  readonly env: Env;
  readonly isJson: boolean;
}

/**
 * Reads the arguments of a tool. Every tool has `--config FILE`, `--log-level LEVEL` and `--output text|json`; `named` are its own options,
 * each with a value. `usage` is the text of the failure (exit code 2) for anything else.
 */
export function toolArguments(
  args: readonly string[],
  env: Env,
  { named, usage }: { named: readonly string[]; usage: string },
): ToolArguments {
  const { positionals, values } = parsed(args, [...named, "config", "log-level", "output"], usage);
  const { config, output = "text", "log-level": level } = values;
  if (output !== "text" && output !== "json") throw new ToolFailure(EXIT.usage, usage);
  return {
    operands: positionals,
    options: values,
    isJson: output === "json",
    env: {
      ...env,
      ...(config === undefined ? {} : { CONFIG_PATH: config }),
      ...(level === undefined ? {} : { LOG_LEVEL: level }),
    },
  };
}

function parsed(args: readonly string[], names: readonly string[], usage: string) {
  try {
    const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
    const { positionals, values } = parseArgs({
      args: [...args],
      options,
      allowPositionals: true,
      strict: true,
    });
    return { positionals, values: values as Record<string, string | undefined> };
  } catch (cause) {
    throw new ToolFailure(EXIT.usage, usage, { cause });
  }
}

/** A whole number of an option, from `min` up; undefined where the option was not given. */
export function wholeNumberOf(text: string | undefined, min: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^\d{1,10}$/.test(text) && number >= min) return number;
  throw new ToolFailure(EXIT.usage, `"${text}" is not a whole number from ${min} up`);
}

/** Lines of names and values for a terminal, or the same as JSON. */
export function shown(facts: Readonly<Record<string, unknown>>, isJson: boolean): string {
  if (isJson) return `${JSON.stringify(facts, undefined, 2)}\n`;
  return Object.entries(facts)
    .map(([name, value]) => `${name.padEnd(20)}${String(value)}\n`)
    .join("");
}
