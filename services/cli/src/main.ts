/** The `s3eg` command: starts roles, and the tools around them. */

import { isFault } from "@s3eg/shared/faults.ts";
import { runUntilSignal, thisProcess } from "@s3eg/shared/runtime/lifecycle.ts";
import { checkConfig } from "./commands/check-config.ts";
import { inspect } from "./commands/inspect.ts";
import { orphans } from "./commands/orphans.ts";
import { serve } from "./commands/serve.ts";

const USAGE = `usage: s3eg <command>

  serve [role …]         start the gateway: all roles, or edge, crypto, keys, audit, admin, dev-store
  check-config [role …]  read the configuration, print every problem, exit 0 or 78
  inspect BUCKET KEY     say what lies on the backend under a key (no key material is needed)
  orphans [--remove] [--older-than HOURS] [BUCKET …]
                         list what is left of uploads in parts that nobody will complete, or remove it

Configuration: the YAML file CONFIG_PATH (default config.yaml) and environment variables.
`;

const [command = "serve", ...args] = process.argv.slice(2);
const env = process.env;

switch (command) {
  case "serve":
    await runUntilSignal((starting) => serve({ args, env, print, ...starting }), {
      host: thisProcess(),
    });
    break;
  case "check-config":
    await run(() => checkConfig(args, env));
    break;
  case "inspect":
    await run(() => inspect(args, env));
    break;
  case "orphans":
    await run(() => orphans(args, env));
    break;
  default:
    process.stderr.write(USAGE);
    process.exitCode = 2;
}

function print(text: string): void {
  process.stdout.write(text);
}

/** Runs a tool: its text goes to standard output; 78 for a bad configuration, 1 for any other failure. */
async function run(tool: () => Promise<string>): Promise<void> {
  try {
    print(await tool());
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = isFault(error, "config.invalid") ? 78 : 1;
  }
}
