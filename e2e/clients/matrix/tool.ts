/** Runs client programs of the matrix to their end. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const TIMEOUT_MS = 300_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** How to run: `env` adds to PATH, HOME and a UTF-8 locale; nothing else is inherited. */
export interface ToolOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Standard output of a program that ended with 0. Throws with everything it printed when it did not, or not in five minutes. */
export async function runTool(
  program: string,
  args: readonly string[],
  { env = {}, cwd }: ToolOptions = {},
): Promise<string> {
  const { PATH = "", HOME = "/" } = process.env;
  const options = {
    env: { PATH, HOME, LC_ALL: "C.UTF-8", ...env },
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
    maxBuffer: MAX_OUTPUT_BYTES,
    ...(cwd === undefined ? {} : { cwd }),
  } as const;
  try {
    const { stdout } = await promisify(execFile)(program, args, options);
    return stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    const printed = `${stdout}\n${stderr}`.trim().slice(-4000);
    throw new Error(`${program} ${args.join(" ")}\n${printed}`, { cause: error });
  }
}
