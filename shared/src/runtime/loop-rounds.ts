/**
 * Spreads beginnings over rounds of the event loop: where a thousand requests arrive at once, what else waits for the loop (a probe,
 * a body that is half through) goes on between a few of them and the next few.
 */
import { onceARound } from "./once-a-round.ts";

/** Some milliseconds of work, where each means a signature and a look at some tables. */
const PER_ROUND = 32;

/** Counts what begins in a round. */
export class LoopRounds {
  readonly #waiting = new Set<() => void>();
  #begun = 0;
  readonly #beginRound = onceARound(() => this.#endRound());

  /** Nothing where it may begin at once, or what resolves when its round has come: first come, first served. */
  enter(): Promise<void> | undefined {
    this.#beginRound();
    if (this.#waiting.size === 0 && this.#begun < PER_ROUND) {
      this.#begun += 1;
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    return promise;
  }

  #endRound(): void {
    this.#begun = 0;
    for (const begin of this.#waiting) {
      if (this.#begun === PER_ROUND) break;
      this.#waiting.delete(begin);
      this.#begun += 1;
      begin();
    }
    if (this.#begun > 0) this.#beginRound();
  }
}
