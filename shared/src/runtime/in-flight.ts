/** Counts what is under way, so that a shutdown can wait for it. */
export class InFlight {
  #count = 0;
  readonly #waiting: (() => void)[] = [];

  get count(): number {
    return this.#count;
  }

  /** Runs `work` and counts it until it has settled. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#count++;
    try {
      return await work();
    } finally {
      this.#count--;
      if (this.#count === 0) this.#release();
    }
  }

  /** Resolves when nothing is under way, or after `atMostMs`: true if nothing is. */
  async idle(atMostMs: number): Promise<boolean> {
    if (this.#count === 0) return true;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, atMostMs);
    this.#waiting.push(resolve);
    await promise;
    clearTimeout(timer);
    return this.#count === 0;
  }

  #release(): void {
    for (const resume of this.#waiting.splice(0)) resume();
  }
}
