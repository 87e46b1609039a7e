/** The life of a process: start, run until a signal, close in reverse order within a grace time, exit with a code that says why. */
import { setTimeout as sleep } from "node:timers/promises";
import { isFault } from "../faults.ts";
import type { Log } from "./log.ts";

/** What `start` is given. */
export interface Starting {
  /** Everything opened goes in here as it is opened; the last one in is closed first. */
  readonly stack: AsyncDisposableStack;
  /** Aborts at the first signal, also while starting. */
  readonly stop: AbortSignal;
  /** Has `listener` told of every SIGHUP, of one that came before at once. Nobody is ended by it, with a listener or without. */
  onHangUp(listener: () => void): void;
}

type HostEvent = "SIGINT" | "SIGTERM" | "SIGHUP" | "uncaughtException";

/** What is needed of the process that hosts the gateway. */
export interface Host {
  on(event: HostEvent, listener: (what: unknown) => void): this;
  off(event: HostEvent, listener: (what: unknown) => void): this;
  /** Writes to standard error, synchronously. */
  complain(text: string): void;
  /** Ends the process. */
  exit(code: number): void;
}

/** Exit codes: stopped as asked, failed, and `EX_CONFIG` of sysexits.h. */
const EXIT = { stopped: 0, failed: 1, config: 78 } as const;
const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGINT: 2, SIGTERM: 15 };

/**
 * Runs a process. `start` opens what it needs and gives the log; then nothing happens until SIGTERM or SIGINT. Exits 0 when
 * everything closed, 1 when something failed or `graceMs` (default 25 s) was not enough, 78 with every problem on standard error
 * for a `config.invalid`, 128 + n at once for a second signal. An uncaught exception or rejection exits 1 at once.
 */
export async function runUntilSignal(
  start: (starting: Starting) => Promise<Log>,
  options: { readonly graceMs?: number; readonly host: Host },
): Promise<void> {
  const { graceMs = 25_000, host } = options;
  const stack = new AsyncDisposableStack();
  const stop = new AbortController();
  const reporter = new Reporter(host);
  const onSignal = (name: unknown) => {
    if (stop.signal.aborted) host.exit(128 + (SIGNAL_NUMBERS[String(name)] ?? 0));
    stop.abort(new Error(`stopped by ${String(name)}`));
  };
  const onCrash = (error: unknown) => {
    reporter.report(error, "uncaught exception");
    host.exit(EXIT.failed);
  };
  const hangUps = new HangUps();
  const onHangUp = () => hangUps.tell();
  host.on("SIGTERM", onSignal).on("SIGINT", onSignal).on("uncaughtException", onCrash);
  host.on("SIGHUP", onHangUp);
  let code: number = EXIT.stopped;
  try {
    reporter.log = await start({
      stack,
      stop: stop.signal,
      onHangUp: (listener) => hangUps.listen(listener),
    });
    await aborted(stop.signal);
    reporter.log.info({ graceMs }, "stopping");
  } catch (error) {
    if (!stop.signal.aborted) code = reporter.startFailure(error);
  }
  const isClosed = await closeWithin(stack, graceMs, reporter);
  host.off("SIGTERM", onSignal).off("SIGINT", onSignal).off("uncaughtException", onCrash);
  host.off("SIGHUP", onHangUp);
  host.exit(isClosed || code !== EXIT.stopped ? code : EXIT.failed);
}

/** The process itself. */
export function thisProcess(): Host {
  const host: Host = {
    on: (event, listener) => {
      process.on(event, listener);
      return host;
    },
    off: (event, listener) => {
      process.off(event, listener);
      return host;
    },
    complain: (text) => {
      process.stderr.write(text);
    },
    exit: (code) => process.exit(code),
  };
  return host;
}

/** Who wants to know of SIGHUP, and whether there was one that nobody has heard of yet. */
class HangUps {
  #listener: (() => void) | undefined;
  #isMissed = false;

  listen(listener: () => void): void {
    this.#listener = listener;
    if (this.#isMissed) listener();
    this.#isMissed = false;
  }

  tell(): void {
    if (this.#listener) this.#listener();
    else this.#isMissed = true;
  }
}

/** Says what went wrong in the log, or on standard error while there is none. */
class Reporter {
  readonly #host: Host;
  log: Log | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  report(error: unknown, message: string): void {
    if (this.log) this.log.error({ err: error }, message);
    else {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#host.complain(`${message}: ${text}\n`);
    }
  }

  /** Reports why the process did not start; gives the exit code. */
  startFailure(error: unknown): number {
    if (!isFault(error, "config.invalid")) {
      this.report(error, "did not start");
      return EXIT.failed;
    }
    const problems = error.message.split("\n").map((problem) => `  ${problem}\n`);
    this.#host.complain(`configuration refused:\n${problems.join("")}`);
    return EXIT.config;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}

/** False if closing failed or took too long. */
async function closeWithin(
  stack: AsyncDisposableStack,
  graceMs: number,
  reporter: Reporter,
): Promise<boolean> {
  const timer = new AbortController();
  const tooLong = async () => {
    await sleep(graceMs, undefined, { signal: timer.signal });
    throw new Error(`not everything closed within ${graceMs} ms`);
  };
  try {
    await Promise.race([stack.disposeAsync(), tooLong()]);
    return true;
  } catch (error) {
    reporter.report(error, "did not stop cleanly");
    return false;
  } finally {
    timer.abort();
  }
}
