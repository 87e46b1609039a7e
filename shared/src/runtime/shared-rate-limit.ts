/**
 * Rate limits that all replicas count together: the buckets of `rate-limit.ts`, in Valkey. A limit is no security boundary: while
 * Valkey is away, or slow, each process goes by its own buckets, and no request waits for it longer than a moment.
 */
import { createHmac } from "node:crypto";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { Rate } from "./rate-limit.ts";
import type { Secret } from "./secret.ts";
import { type Valkey, valkeyScript } from "./valkey.ts";

/** Longer than an answer of a Valkey at hand takes, and short enough to be nothing in a request. */
const MAX_WAIT_MS = 100;

/**
 * KEYS: bucket. ARGV: tokens of a full one, milliseconds in which an empty one fills. Takes one token: 0, or milliseconds until there
 * will be one. By the server's clock; a bucket nobody used for so long is full, and so forgotten.
 */
const TAKE = valkeyScript(`-- s3eg rate-limit take 1
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(kept[1]) or limit, tonumber(kept[2]) or now
tokens = math.min(limit, tokens + math.max(0, now - at) / window * limit)
local wait = 0
if tokens >= 1 then tokens = tokens - 1 else wait = math.ceil((1 - tokens) / limit * window) end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.9f', tokens), 'at', string.format('%.3f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(window))
return wait
`);

/** What shared limits need. */
export interface SharedRateParts {
  /** Opened when the first limit is asked for. */
  open(): Pick<Valkey, "isUp" | "run">;
  /** The same in all replicas: clients are known to Valkey by a MAC of their names alone. */
  readonly secret: Secret<Uint8Array>;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** The limits of one process in a Valkey that others use too. */
export class SharedRates {
  readonly #parts: SharedRateParts;
  readonly #fellBack;
  #valkey: Pick<Valkey, "isUp" | "run"> | undefined;
  #isAway = false;

  constructor(parts: SharedRateParts) {
    this.#parts = parts;
    this.#fellBack = parts.metrics.counter({
      name: "gateway_rate_limit_fallbacks_total",
      help: "Requests that were counted by this process alone, because Valkey was away or slow.",
    });
  }

  /**
   * Takes one token of a client's bucket; `name` tells limits apart. Milliseconds until there is one, 0 if it was taken, undefined where
   * Valkey did not say.
   */
  async take(name: string, { limit, windowMs }: Rate, client: string): Promise<number | undefined> {
    this.#valkey ??= this.#parts.open();
    const valkey = this.#valkey;
    if (!valkey.isUp) return this.#away();
    const bucket = createHmac("sha256", this.#parts.secret.reveal())
      .update(JSON.stringify([name, limit, windowMs, client]))
      .digest("base64url");
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), MAX_WAIT_MS);
    });
    const asked = valkey.run(TAKE, [`s3eg:rate:${bucket}`], [limit, windowMs]);
    const waitMs = await Promise.race([asked.catch(() => undefined), late]);
    clearTimeout(timer);
    if (typeof waitMs !== "number") return this.#away();
    this.#isAway = false;
    return waitMs;
  }

  #away(): undefined {
    this.#fellBack.add({});
    if (!this.#isAway) {
      this.#parts.log.warn(
        {},
        "rate limits count in this process alone while Valkey does not answer",
      );
    }
    this.#isAway = true;
  }
}
