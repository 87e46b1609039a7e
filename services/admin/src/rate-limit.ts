/** How often a client may come: a bucket of tokens for each, refilled steadily. */

/** Clients remembered; the one not seen for longest is forgotten first. */
const MAX_CLIENTS = 10_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Allows `perMinute` in a minute for each client, all of them at once if it likes. */
export class RateLimit {
  readonly #perMinute: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(perMinute: number, now: () => number = () => performance.now()) {
    this.#perMinute = perMinute;
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

  #refilled(client: string): Bucket {
    const atMs = this.#now();
    const { tokens, atMs: sinceMs } = this.#buckets.get(client) ?? {
      tokens: this.#perMinute,
      atMs,
    };
    const gained = ((atMs - sinceMs) / 60_000) * this.#perMinute;
    const bucket = { tokens: Math.min(this.#perMinute, tokens + gained), atMs };
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MAX_CLIENTS && oldest !== undefined) this.#buckets.delete(oldest);
    return bucket;
  }
}
