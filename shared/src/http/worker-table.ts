/** Which crypto worker takes the next transfer. */
import type { WorkerAlive } from "../contracts/crypto.ts";
import { Fault } from "../faults.ts";

const STALE_MS = 3000;
const FORGOTTEN_MS = 60_000;
const MAX_WORKERS = 4096;

/** A worker as a transfer client needs it. */
export interface Worker {
  readonly id: string;
  /** Origin of its transfer server, `http://host:port` or `https://host:port`. */
  readonly url: string;
}

/** What the table goes by besides the facts it hears. */
export interface WorkerTableOptions {
  /** Workers of this zone are taken first. */
  readonly zone: string;
  /** While false nobody is heard, and so the last table stays in force. */
  readonly isBusConnected: () => boolean;
  readonly now?: () => number;
  /** From 0 inclusive to 1 exclusive. */
  readonly random?: () => number;
}

/** What a worker says of itself; whoever passes it on has checked that it is one of ours. */
type WorkerState = Omit<WorkerAlive, "announcedAtMs" | "mac">;

interface Entry {
  readonly fact: WorkerState;
  readonly heardMs: number;
  /** Transfers we gave it since it reported. */
  given: number;
}

/** Keeps what workers announce of themselves and takes the better of two random ones. */
export class WorkerTable {
  readonly #entries = new Map<string, Entry>();
  readonly #zone: string;
  readonly #isBusConnected: () => boolean;
  readonly #now: () => number;
  readonly #random: () => number;

  constructor(options: WorkerTableOptions) {
    this.#zone = options.zone;
    this.#isBusConnected = options.isBusConnected;
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
  }

  /** How many workers are known and take transfers. */
  get size(): number {
    return this.#usable(new Set()).length;
  }

  /** A worker said how it is. */
  heard(fact: WorkerState): void {
    this.#forget();
    if (!this.#entries.has(fact.id) && this.#entries.size >= MAX_WORKERS) return;
    this.#entries.set(fact.id, { fact, heardMs: this.#now(), given: 0 });
  }

  /** The worker for one transfer; `tried` are those it failed on. Throws `crypto.unavailable` if there is none. */
  pick(tried: ReadonlySet<string> = new Set()): Worker {
    const usable = this.#usable(tried);
    const near = usable.filter(({ fact }) => fact.zone === this.#zone);
    const chosen = this.#betterOfTwo(near.length > 0 ? near : usable);
    if (!chosen) throw new Fault("crypto.unavailable", "no crypto worker takes transfers");
    chosen.given++;
    return { id: chosen.fact.id, url: chosen.fact.url };
  }

  #betterOfTwo(entries: readonly Entry[]): Entry | undefined {
    const first = Math.floor(this.#random() * entries.length);
    const one = entries[first];
    if (entries.length < 2) return one;
    const other =
      entries[(first + 1 + Math.floor(this.#random() * (entries.length - 1))) % entries.length];
    return one && other && loadOf(other) < loadOf(one) ? other : one;
  }

  /** If every single worker fell silent, it is the bus that is silent, whatever it says: then nobody counts as stale. */
  #usable(tried: ReadonlySet<string>): Entry[] {
    const entries = [...this.#entries.values()];
    const fresh = entries.filter(({ heardMs }) => this.#now() - heardMs <= STALE_MS);
    const trusted = this.#isBusConnected() && fresh.length > 0 ? fresh : entries;
    return trusted.filter(({ fact }) => !(fact.isDraining || tried.has(fact.id)));
  }

  #forget(): void {
    for (const [id, { heardMs }] of this.#entries) {
      if (this.#now() - heardMs > FORGOTTEN_MS) this.#entries.delete(id);
    }
  }
}

function loadOf({ fact, given }: Entry): number {
  return (fact.inflight + given) / fact.capacity;
}
