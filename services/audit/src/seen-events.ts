/** Events that were taken: one that is told of twice is written once. */

/** How many are remembered: minutes of a busy gateway, where a repetition follows within seconds. */
const DEFAULT_MAX = 100_000;

/** Remembers events by their id. */
export class SeenEvents {
  readonly #taken = new Map<string, Promise<void>>();
  readonly #max: number;

  constructor(known: readonly string[] = [], max = DEFAULT_MAX) {
    this.#max = max;
    for (const id of known) this.#remember(id, Promise.resolve());
  }

  /** Takes an event unless it was taken: then it waits for that one. An event whose taking failed may come again. */
  once(id: string, take: () => Promise<void>): Promise<void> {
    const taken = this.#taken.get(id);
    if (taken) return taken;
    const taking = take();
    this.#remember(id, taking);
    taking.catch(() => this.#taken.delete(id));
    return taking;
  }

  #remember(id: string, taking: Promise<void>): void {
    this.#taken.set(id, taking);
    if (this.#taken.size <= this.#max) return;
    const [oldest] = this.#taken.keys();
    if (oldest !== undefined) this.#taken.delete(oldest);
  }
}
