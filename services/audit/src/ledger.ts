/** The queue between the bus and the trail: bounded, in order, one write at a time. */
import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Counter } from "@s3eg/shared/runtime/metrics.ts";

/** Lines written at once. */
const MAX_LINES_PER_WRITE = 500;
/** Wait before a write is repeated that must not be given up. */
const BLOCKED_MS = 200;

/** Where the lines of a ledger go. */
interface LineWriter {
  /** Resolves when the lines are safe. Called one at a time. */
  write(lines: readonly string[]): Promise<void>;
  /** Told when nothing waits any more. */
  settle(): Promise<void>;
}

/** What a ledger is made of. */
export interface LedgerParts {
  readonly writer: LineWriter;
  readonly log: Log;
  /** Counts events that were not written. */
  readonly dropped: Counter<never>;
  /** Lines that may wait. */
  readonly maxWaiting: number;
  readonly retryCount: number;
  readonly retryBackoffMs: number;
  /** `block`: a write is repeated until it succeeds, and what finds no room is refused; `drop`: both are counted, and life goes on. */
  readonly overflow: "block" | "drop";
}

interface Waiting {
  readonly line: string;
  settle(error?: unknown): void;
}

/** Takes lines at once and writes them in order. What does not fit or cannot be written is counted as dropped, never silently lost. */
export class Ledger implements AsyncDisposable {
  readonly #parts: LedgerParts;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #isClosing = false;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
  }

  /** For events that nobody waits for. Never throws, never waits; drops and counts where there is no room. */
  add(line: string): void {
    if (this.#isFull) this.#parts.dropped.add({});
    else this.#push({ line, settle: () => {} });
  }

  /** Resolves when the line is safe, or dropped and counted where overflow says so. Else `limit.busy` where there is no room. */
  async record(line: string): Promise<void> {
    if (this.#isFull) {
      if (this.#parts.overflow === "block") {
        throw new Fault("limit.busy", "the audit trail cannot keep up");
      }
      this.#parts.dropped.add({});
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#push({ line, settle: (error) => (error === undefined ? resolve() : reject(error)) });
    await promise;
  }

  /** Resolves when everything added so far was written or dropped; a sink that fails now is given up after the retries. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    await this.#writing;
  }

  get #isFull(): boolean {
    return this.#waiting.length >= this.#parts.maxWaiting;
  }

  #push(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      // The events of this turn of the event loop go into one write.
      await Promise.resolve();
      const batch = this.#waiting.slice(0, MAX_LINES_PER_WRITE);
      const error = await this.#write(batch.map(({ line }) => line));
      this.#waiting = this.#waiting.slice(batch.length);
      for (const { settle } of batch) settle(error);
      if (this.#waiting.length === 0) await this.#settle();
    }
    this.#writing = undefined;
  }

  async #settle(): Promise<void> {
    try {
      await this.#parts.writer.settle();
    } catch (error) {
      this.#parts.log.error({ err: error }, "the head of the audit trail was not written");
    }
  }

  /** Resolves with why the lines are lost to those who block on them; undefined: they are written, or dropped and counted. */
  async #write(lines: readonly string[]): Promise<unknown> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#parts.writer.write(lines);
        return undefined;
      } catch (error) {
        if (!this.#mayRepeat(attempt)) return this.#lose(lines.length, error);
        if (attempt === this.#parts.retryCount) {
          this.#parts.log.error(
            { err: error },
            "the audit trail cannot be written: it is tried on",
          );
        }
        await sleep(this.#backoffMs(attempt));
      }
    }
  }

  #mayRepeat(attempt: number): boolean {
    const { retryCount, overflow } = this.#parts;
    return attempt < retryCount || (overflow === "block" && !this.#isClosing);
  }

  /** Who repeats for ever must not do it without a pause. */
  #backoffMs(attempt: number): number {
    const { retryCount, retryBackoffMs } = this.#parts;
    return attempt < retryCount ? retryBackoffMs : Math.max(retryBackoffMs, BLOCKED_MS);
  }

  #lose(count: number, cause: unknown): Fault | undefined {
    const { log, dropped, overflow } = this.#parts;
    dropped.add({}, count);
    log.error({ err: cause, events: count }, "audit events lost: the sink refused them");
    if (overflow === "drop") return undefined;
    return new Fault("limit.busy", "the audit trail cannot be written", { cause });
  }
}
