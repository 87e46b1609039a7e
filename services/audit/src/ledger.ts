/** The queue between the bus and a sink: bounded, in order, one write at a time. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Counter } from "@s3eg/shared/runtime/metrics.ts";
import type { Sink } from "./sinks/sink.ts";

/** Lines handed to the sink at once. */
const MAX_LINES_PER_WRITE = 500;

/** What a ledger is made of. */
export interface LedgerParts {
  readonly sink: Sink;
  readonly log: Log;
  /** Counts events that were not written. */
  readonly dropped: Counter<never>;
  /** Lines that may wait. */
  readonly maxWaiting: number;
  readonly retryCount: number;
  readonly retryBackoffMs: number;
}

/** Takes lines at once and writes them in order. What does not fit or cannot be written is counted as dropped, never silently lost. */
export class Ledger implements AsyncDisposable {
  readonly #parts: LedgerParts;
  #waiting: string[] = [];
  #writing: Promise<void> | undefined;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
  }

  /** Never throws, never waits. */
  add(line: string): void {
    if (this.#waiting.length >= this.#parts.maxWaiting) {
      this.#parts.dropped.add({});
      return;
    }
    this.#waiting.push(line);
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when everything added so far was written or dropped. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      // The events of this turn of the event loop go into one write.
      await Promise.resolve();
      const lines = this.#waiting.slice(0, MAX_LINES_PER_WRITE);
      await this.#write(lines);
      this.#waiting = this.#waiting.slice(lines.length);
    }
    this.#writing = undefined;
  }

  async #write(lines: readonly string[]): Promise<void> {
    const { sink, log, dropped, retryCount, retryBackoffMs } = this.#parts;
    for (let attempt = 0; ; attempt++) {
      try {
        return await sink.write(lines.join(""));
      } catch (error) {
        if (attempt < retryCount) {
          await sleep(retryBackoffMs);
          continue;
        }
        dropped.add({}, lines.length);
        log.error({ err: error, events: lines.length }, "audit events lost: the sink refused them");
        return;
      }
    }
  }
}
