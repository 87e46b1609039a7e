/** How often a client may come: a bucket of tokens for each, refilled steadily. */

/** How many requests may come in how long. */
export interface Rate {
  readonly limit: number;
  readonly windowMs: number;
  /** Clients remembered; the one not seen for longest is forgotten first. Default 10 000. */
  readonly maxClients?: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Allows `limit` requests in a window for each client, all of them at once if it likes. */
export class RateLimit {
  readonly #rate: Required<Rate>;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate, now: () => number = () => performance.now()) {
    this.#rate = { maxClients: 10_000, ...rate };
    this.#now = now;
  }

  /** Takes one token; false if there is none. */
  take(client: string): boolean {
    const bucket = this.#refilled(client);
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }

  /** True if `take` would be true; takes nothing. */
  has(client: string): boolean {
    return this.#refilled(client).tokens >= 1;
  }

  /** Milliseconds until `take` will be true, if nobody else takes; 0 where it is now. */
  waitMs(client: string): number {
    const missing = 1 - this.#refilled(client).tokens;
    return missing > 0 ? (missing / this.#rate.limit) * this.#rate.windowMs : 0;
  }

  #refilled(client: string): Bucket {
    const { limit, windowMs, maxClients } = this.#rate;
    const atMs = this.#now();
    const { tokens, atMs: sinceMs } = this.#buckets.get(client) ?? { tokens: limit, atMs };
    const gained = ((atMs - sinceMs) / windowMs) * limit;
    const bucket = { tokens: Math.min(limit, tokens + gained), atMs };
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    if (this.#buckets.size > maxClients) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return bucket;
  }
}
