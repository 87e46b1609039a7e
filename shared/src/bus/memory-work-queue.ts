/** A queue of work within one process: what is in it is lost with the process, and put again by who knows of it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Task, WorkQueue } from "./work-queue.ts";

/** How long one look for work lasts. */
const WAIT_MS = 500;

/** Holds each piece until it is done. */
export class MemoryWorkQueue implements WorkQueue {
  readonly #waiting: string[] = [];
  readonly #known = new Set<string>();
  #ring: (() => void) | undefined;

  async put(id: string, once: string): Promise<void> {
    await Promise.resolve();
    if (this.#known.has(once)) return;
    this.#known.add(once);
    this.#add(id);
  }

  async take(signal: AbortSignal): Promise<Task | undefined> {
    if (this.#waiting.length === 0 && !signal.aborted) await this.#knock(signal);
    const id = signal.aborted ? undefined : this.#waiting.shift();
    if (id === undefined) return undefined;
    return {
      id,
      extend: () => undefined,
      done: () => undefined,
      giveBack: (afterMs) => {
        const timer = setTimeout(() => this.#add(id), afterMs);
        timer.unref();
      },
    };
  }

  #add(id: string): void {
    this.#waiting.push(id);
    this.#ring?.();
  }

  async #knock(signal: AbortSignal): Promise<void> {
    const knocked = new Promise<void>((resolve) => {
      this.#ring = resolve;
    });
    await Promise.race([knocked, sleep(WAIT_MS, undefined, { signal, ref: false })]).catch(
      () => undefined,
    );
  }
}
