/**
 * A client in a process of its own that is told verb by verb: a JSON list of texts on a line of its standard input, answered by one line
 * `{"result": …}` or `{"error": "…"}`. It ends with its input.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** The process. */
export interface ToldProcess extends AsyncDisposable {
  /** Throws with what the client said. One question at a time. */
  ask(verb: string, ...args: readonly (string | number)[]): Promise<unknown>;
}

/** What to start; `env` adds to PATH and HOME. */
export interface ToldCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Starts one. */
export function startToldProcess({ program, args, env }: ToldCommand): ToldProcess {
  const { PATH = "", HOME = "/" } = process.env;
  const child = spawn(program, args, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH, HOME, ...env },
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = once(child, "exit");
  return {
    async ask(...question) {
      const asked = JSON.stringify(question.map(String));
      child.stdin.write(`${asked}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error(`${program} ended at ${asked}`);
      const { result, error } = JSON.parse(value) as { result?: unknown; error?: string };
      if (error !== undefined) throw new Error(`${program} ${asked}: ${error}`);
      return result;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await exited;
    },
  };
}
