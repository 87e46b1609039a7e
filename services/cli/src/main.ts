#!/usr/bin/env node
/** The `s3eg` command: starts roles, and the tools around them. */
import { runUntilSignal, thisProcess } from "@s3eg/shared/runtime/lifecycle.ts";
import { serve } from "./commands/serve.ts";
import { exitCodeOf } from "./tool-arguments.ts";
import { TOOLS, type Tool, USAGE } from "./tools.ts";

const [command = "serve", ...args] = process.argv.slice(2);
const env = process.env;

switch (command) {
  case "serve":
    await runUntilSignal((starting) => serve({ args, env, print, ...starting }), {
      host: thisProcess(),
    });
    break;
  default:
    await run(TOOLS[command]);
}

function print(text: string): void {
  process.stdout.write(text);
}

/** Runs a tool: its text goes to standard output; a failure sets the exit code that it means. */
async function run(tool: Tool | undefined): Promise<void> {
  if (!tool) {
    process.stderr.write(USAGE);
    process.exitCode = 2;
    return;
  }
  try {
    print(await tool(args, env));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}
