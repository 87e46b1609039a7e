/** A bounded queue of many clients, in which they take turns: one with a thousand requests waits no less than one with a single one. */

/** Items by client; of each client the first that came is the first that goes. */
export class FairQueue<Item> {
  readonly #maxItems: number;
  /** The client whose turn is next comes first. */
  readonly #queues = new Map<string, Set<Item>>();
  #size = 0;

  constructor(maxItems: number) {
    this.#maxItems = maxItems;
  }

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds an item behind those of its client. Returns the item that has no place: where too many wait it is the last one of the client
   * with the most, which may be the one that was added.
   */
  add(client: string, item: Item): Item | undefined {
    const queue = this.#queues.get(client) ?? new Set();
    this.#queues.set(client, queue.add(item));
    this.#size += 1;
    if (this.#size <= this.#maxItems) return undefined;
    let [longestClient, longest] = [client, queue];
    for (const [other, items] of this.#queues) {
      if (items.size > longest.size) [longestClient, longest] = [other, items];
    }
    const last = [...longest].at(-1);
    if (last !== undefined) this.remove(longestClient, last);
    return last;
  }

  /** Takes an item out; false if it is not there. */
  remove(client: string, item: Item): boolean {
    const queue = this.#queues.get(client);
    if (!queue?.delete(item)) return false;
    this.#size -= 1;
    if (queue.size === 0) this.#queues.delete(client);
    return true;
  }

  /**
   * Offers the first item of each client, in turn, and again those of clients that had one taken. `offer` says what becomes of it; with
   * `stop` nobody else is offered anything now.
   */
  offerAll(offer: (item: Item) => "take" | "leave" | "stop"): void {
    // A client that goes behind all others comes up again in this same loop.
    for (const [client, queue] of this.#queues) {
      const [first] = queue;
      if (first === undefined) continue;
      const verdict = offer(first);
      if (verdict === "stop") return;
      if (verdict === "leave") continue;
      this.remove(client, first);
      this.#queues.delete(client);
      if (queue.size > 0) this.#queues.set(client, queue);
    }
  }
}
