/**
 * Unwrapped data keys, kept for a while (`encryption.key_manager.dek_cache`): so that reads go on while the key store is away. A name is a digest of header
 * and place, so that an object that was moved never finds the key of another (format.md §8). What leaves is overwritten.
 */
import { createHash } from "node:crypto";
import type { Place } from "@s3eg/shared/contracts/keys.ts";
import type { ObjectHeader } from "@s3eg/shared/format/header.ts";

/** Limits of a cache. */
export interface DataKeyCacheLimits {
  readonly ttlMs: number;
  readonly maxEntries: number;
  /** How often what is over is looked for and overwritten; a key that is over is never given out meanwhile. */
  readonly cleanUpMs: number;
}

/** Which key a data key was wrapped under. */
type WrappingKey = Pick<ObjectHeader, "provider" | "keyId" | "keyVersion">;

interface Kept {
  readonly dataKey: Buffer;
  readonly wrappedUnder: WrappingKey;
  readonly untilMs: number;
}

/** The cache. The one used last is the last to go. */
export class DataKeyCache implements Disposable {
  readonly #limits: DataKeyCacheLimits;
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept>();
  readonly #timer: NodeJS.Timeout;
  #generation = 0;

  /** `now` is a clock in milliseconds, for tests. */
  constructor(limits: DataKeyCacheLimits, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
    this.#timer = setInterval(() => this.cleanUp(), limits.cleanUpMs);
    this.#timer.unref();
  }

  /** Number of keys. */
  get size(): number {
    return this.#kept.size;
  }

  /** Changes with every `forget`: what was asked for before one is not to be kept after it. */
  get generation(): number {
    return this.#generation;
  }

  /** A copy of the data key, which the caller wipes; undefined where there is none that is not over. */
  get(name: string): Buffer | undefined {
    const kept = this.#kept.get(name);
    if (!kept) return undefined;
    if (kept.untilMs <= this.#now()) {
      this.#drop(name, kept);
      return undefined;
    }
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    return Buffer.from(kept.dataKey);
  }

  /** Keeps a copy of a data key that proved to be its header's, unless `generation` is no longer the cache's. */
  put(
    name: string,
    dataKey: Uint8Array,
    { wrappedUnder, generation }: { wrappedUnder: WrappingKey; generation: number },
  ): void {
    if (generation !== this.#generation) return;
    const former = this.#kept.get(name);
    if (former) this.#drop(name, former);
    const { ttlMs, maxEntries } = this.#limits;
    // Not Buffer.from(bytes): its pool is shared memory that nobody overwrites.
    const own = Buffer.alloc(dataKey.byteLength);
    own.set(dataKey);
    this.#kept.set(name, { dataKey: own, wrappedUnder, untilMs: this.#now() + ttlMs });
    for (const [oldest, kept] of this.#kept) {
      if (this.#kept.size <= maxEntries) return;
      this.#drop(oldest, kept);
    }
  }

  /** Drops every data key that was wrapped under a key version. */
  forget({ provider, keyId, keyVersion }: { provider: string; keyId: string; keyVersion: number }) {
    this.#generation += 1;
    for (const [name, kept] of this.#kept) {
      const under = kept.wrappedUnder;
      const isIt =
        under.provider === provider && under.keyId === keyId && under.keyVersion === keyVersion;
      if (isIt) this.#drop(name, kept);
    }
  }

  /** Drops what is over. */
  cleanUp(): void {
    const nowMs = this.#now();
    for (const [name, kept] of this.#kept) if (kept.untilMs <= nowMs) this.#drop(name, kept);
  }

  /** Drops everything. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#generation += 1;
    for (const [name, kept] of this.#kept) this.#drop(name, kept);
  }

  #drop(name: string, { dataKey }: Kept): void {
    dataKey.fill(0);
    this.#kept.delete(name);
  }
}

/** Under which name the data key of a header at a place is kept and asked for. */
export function cacheNameOf(header: string, { bucket, key }: Place): string {
  const parts = [header, bucket, key].flatMap((text) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.byteLength);
    return [length, bytes];
  });
  return createHash("sha256").update(Buffer.concat(parts)).digest("base64");
}
