/** A bounded queue of many clients, in which they take turns: one with a thousand requests waits no less than one with a single one. */

interface Line<Item> {
  /** With what each weighs, the first that came first. */
  readonly items: Map<Item, number>;
  weight: number;
}

/** Items by client; of each client the first that came is the first that goes. */
export class FairQueue<Item> {
  readonly #maxWeight: number;
  /** The client whose turn is next comes first. */
  readonly #lines = new Map<string, Line<Item>>();
  #size = 0;
  #weight = 0;

  constructor(maxWeight: number) {
    this.#maxWeight = maxWeight;
  }

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds an item behind those of its client. Returns the items that have no place: where they weigh too much together it is the last
   * ones of the client whose items weigh most, which may be the one that was added.
   */
  add(client: string, item: Item, weight: number): Item[] {
    const line: Line<Item> = this.#lines.get(client) ?? { items: new Map(), weight: 0 };
    this.#lines.set(client, line);
    line.items.set(item, weight);
    line.weight += weight;
    this.#size += 1;
    this.#weight += weight;
    const outcast: Item[] = [];
    while (this.#weight > this.#maxWeight) outcast.push(...this.#castOut(client));
    return outcast;
  }

  /** Takes an item out; false if it is not there. */
  remove(client: string, item: Item): boolean {
    const line = this.#lines.get(client);
    const weight = line?.items.get(item);
    if (!line || weight === undefined) return false;
    line.items.delete(item);
    line.weight -= weight;
    this.#size -= 1;
    this.#weight -= weight;
    if (line.items.size === 0) this.#lines.delete(client);
    return true;
  }

  /**
   * Offers the first item of each client, in turn, and again those of clients that had one taken. `offer` says what becomes of it; with
   * `stop` nobody else is offered anything now.
   */
  offerAll(offer: (item: Item) => "take" | "leave" | "stop"): void {
    // A client that goes behind all others comes up again in this same loop.
    for (const [client, line] of this.#lines) {
      const [first] = line.items.keys();
      if (first === undefined) continue;
      const verdict = offer(first);
      if (verdict === "stop") return;
      if (verdict === "leave") continue;
      this.remove(client, first);
      this.#lines.delete(client);
      if (line.items.size > 0) this.#lines.set(client, line);
    }
  }

  /** Where several weigh as much, the one that came last has the disadvantage. */
  #castOut(newcomer: string): Item[] {
    let [heaviest, most] = [newcomer, this.#lines.get(newcomer)?.weight ?? 0];
    for (const [client, { weight }] of this.#lines) {
      if (weight > most) [heaviest, most] = [client, weight];
    }
    const last = [...(this.#lines.get(heaviest)?.items.keys() ?? [])].slice(-1);
    for (const item of last) this.remove(heaviest, item);
    return last;
  }
}
