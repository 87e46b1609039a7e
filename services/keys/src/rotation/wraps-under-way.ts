/** Wraps that have begun and not ended: what a rotation waits for before the version that writes changes. */

/** Counts the wraps of this process. */
export class WrapsUnderWay {
  readonly #begunMs = new Set<{ readonly atMs: number }>();

  /** How many are under way. */
  get count(): number {
    return this.#begunMs.size;
  }

  /** How many of them began before a moment, in Unix milliseconds. */
  begunBefore(momentMs: number): number {
    return [...this.#begunMs].filter(({ atMs }) => atMs < momentMs).length;
  }

  /** Does a wrap. */
  async run<Result>(wrap: () => Promise<Result>): Promise<Result> {
    const begun = { atMs: Date.now() };
    this.#begunMs.add(begun);
    try {
      return await wrap();
    } finally {
      this.#begunMs.delete(begun);
    }
  }
}
