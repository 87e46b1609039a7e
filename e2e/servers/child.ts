/**
 * Child processes of the black-box tests: started, watched and stopped by pid, never by name. A child dies with its
 * parent, also when the parent is killed outright.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { whereabouts } from "./proc.ts";

const SETPRIV = "/usr/bin/setpriv";
const LOG_TAIL_BYTES = 16 * 1024;
const POLL_MS = 50;
const TERM_GRACE_MS = 5000;

/** What to run. `env` replaces the environment, save PATH and HOME, unless `inheritsEnv` says to add to it. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly inheritsEnv?: boolean;
  readonly cwd?: string;
  /** Whom to run as; only root may name another user than itself. */
  readonly user?: string | undefined;
}

/** A process we started. */
export interface Child extends AsyncDisposable {
  readonly pid: number;
  /** Resolves with the exit code (or signal name) once the process is gone. */
  readonly exited: Promise<number | string>;
  /** True until the process is gone. */
  isRunning(): boolean;
  /** The last 16 KiB of its standard output and error. */
  logTail(): string;
  /** SIGTERM, after 5 s SIGKILL; resolves when the process is gone. */
  stop(): Promise<void>;
}

/** Starts a process. Throws when the program cannot be started. */
export async function startChild(command: Command): Promise<Child> {
  const child = spawnBound(command);
  let log = "";
  const keep = (chunk: Buffer): void => {
    log = (log + chunk.toString("utf8")).slice(-LOG_TAIL_BYTES);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  const exited = new Promise<number | string>((resolve) => {
    child.once("exit", (code, signal) => {
      resolve(code ?? signal ?? "unknown");
    });
  });
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  const stop = async (): Promise<void> => {
    if (!isRunning()) return;
    child.kill("SIGTERM");
    const killer = setTimeout(() => child.kill("SIGKILL"), TERM_GRACE_MS);
    await exited;
    clearTimeout(killer);
  };
  return {
    pid: child.pid ?? 0,
    exited,
    isRunning,
    logTail: () => log,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Runs a program to its end and returns its output; throws with that output when it does not exit 0. */
export async function runToEnd(command: Command): Promise<string> {
  const child = await startChild(command);
  const code = await child.exited;
  if (code !== 0) {
    throw new Error(
      `${command.program} ${command.args.join(" ")} ended with ${code}\n${child.logTail()}`,
    );
  }
  return child.logTail();
}

/**
 * Polls `probe` until it says true; one that throws counts as false. Throws when one of `children` ends first, with its
 * log, or when the time is up, with what the probe came to at last, and where every child stands.
 */
export async function untilReady(
  what: string,
  children: readonly Child[],
  { probe, timeoutMs = 120_000 }: { probe: () => Promise<boolean>; timeoutMs?: number },
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let lastHeard = "";
  for (;;) {
    const askedAt = Date.now();
    try {
      if (await probe()) return;
      lastHeard = `at last it was not, after ${Date.now() - askedAt} ms`;
    } catch (error) {
      lastHeard = `at last: ${error}`;
    }
    const dead = children.find((child) => !child.isRunning());
    if (dead !== undefined) {
      throw new Error(`${what} ended with ${await dead.exited} while starting\n${dead.logTail()}`);
    }
    if (Date.now() > deadline) {
      const told = children.map(
        async (child) => `${await whereabouts(child.pid)}\n${child.logTail()}`,
      );
      const tails = (await Promise.all(told)).join("\n---\n");
      throw new Error(`${what} is not ready after ${timeoutMs} ms (${lastHeard})\n${tails}`);
    }
    await sleep(POLL_MS);
  }
}

/** True when an HTTP GET of `url` gets any answer at all; `status` asks for a certain one. */
export async function answersHttp(url: string, status?: number): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
  await response.body?.cancel();
  return status === undefined || response.status === status;
}

function spawnBound(command: Command): ChildProcess {
  const { program, args, env = {}, inheritsEnv = false, cwd, user } = command;
  // setpriv execs the program, so the pid is the program's; the kernel then kills it when this process dies.
  const isBound = existsSync(SETPRIV);
  if (user !== undefined && !isBound) throw new Error(`${SETPRIV} is needed to run as ${user}`);
  const as = user === undefined ? [] : ["--reuid", user, "--regid", user, "--init-groups"];
  const argv = isBound ? [...as, "--pdeathsig", "KILL", program, ...args] : [...args];
  const { PATH = "", HOME = "/" } = process.env;
  return spawn(isBound ? SETPRIV : program, argv, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...(inheritsEnv ? process.env : { PATH, HOME }), ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
}
