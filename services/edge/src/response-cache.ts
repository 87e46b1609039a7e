/**
 * Bodies of small objects that were read whole, kept in memory, sealed (settings `cache`). What is kept is never believed to be what the
 * backend still has: whoever takes it has asked the backend first (cached-read.ts), so nothing has to be taken out when objects change.
 */
import type { Body } from "@s3eg/shared/http/body.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import {
  type BytesSealer,
  MemorySeal,
  type SealedBytes,
} from "@s3eg/shared/sealing/memory-seal.ts";

/** Bounds of a cache. */
export interface CacheLimits {
  /** Bytes of all items together, those that are being read for it included. */
  readonly maxBytes: number;
  readonly maxItems: number;
  /** Largest body that is kept. */
  readonly maxItemBytes: number;
  readonly ttlMs: number;
}

/** A body that is kept, and by what the backend tells that it still has it. */
export interface KeptBody {
  readonly pin: string;
  readonly size: number;
}

interface Item extends KeptBody {
  readonly sealed: SealedBytes;
  readonly bytes: number;
  readonly untilMs: number;
}

/** Why a read was not answered from the cache: nothing was kept, or the object is another one by now. */
export type MissReason = "absent" | "changed";

/** About what an item takes besides its sealed bytes. */
const ITEM_BYTES = 400;

/** The cache. What was used last is the last to go. */
export class ResponseCache {
  readonly #limits: CacheLimits;
  readonly #now: () => number;
  readonly #seal = new MemorySeal();
  readonly #items = new Map<string, Item>();
  readonly #filling = new Set<string>();
  readonly #counters: ReturnType<typeof countersOf>;
  #keptBytes = 0;
  #fillingBytes = 0;
  #generation = 0;

  /** `now` is a clock in milliseconds, for tests. */
  constructor(limits: CacheLimits, metrics: Metrics, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
    this.#counters = countersOf(metrics, {
      items: () => this.#items.size,
      bytes: () => this.#keptBytes + this.#fillingBytes,
    });
  }

  /** What is kept under a name, to be held against what the backend says; undefined where there is nothing. */
  find(name: string): KeptBody | undefined {
    const item = this.#items.get(name);
    if (!item) return undefined;
    if (item.untilMs <= this.#now()) {
      this.#drop(name, item);
      return undefined;
    }
    return item;
  }

  /** Bytes of what `find` gave, opened as they are taken; undefined where it is gone by now. Counts a hit. */
  take(
    name: string,
    kept: KeptBody,
    range: { readonly offset: number; readonly length: number },
  ): Body | undefined {
    const item = this.#items.get(name);
    if (item !== kept) return undefined;
    this.#items.delete(name);
    this.#items.set(name, item);
    this.#counters.hits.add({});
    return this.#seal.open(item.sealed, range);
  }

  /** Counts a read that was not answered from here. */
  missed(reason: MissReason): void {
    this.#counters.misses.add({ reason });
  }

  /** Drops what is kept under a name, if it is still that. */
  forget(name: string, kept: KeptBody): void {
    const item = this.#items.get(name);
    if (item === kept) this.#drop(name, item);
  }

  /** Drops everything, and what is being read for the cache. */
  clear(): void {
    this.#generation += 1;
    for (const [name, item] of this.#items) this.#drop(name, item);
  }

  /** The same body, which is kept once all of it has passed; unchanged where there is no room for it. */
  keeping(name: string, kept: KeptBody, body: Body): Body {
    const bytes = kept.size + ITEM_BYTES + 2 * name.length;
    if (kept.size > this.#limits.maxItemBytes || this.#filling.has(name)) return body;
    if (!this.#reserve(bytes)) return body;
    this.#filling.add(name);
    const generation = this.#generation;
    const sealer = this.#seal.begin(kept.size);
    let isOver = false;
    const end = (isWhole: boolean) => {
      if (isOver) return;
      isOver = true;
      this.#filling.delete(name);
      this.#fillingBytes -= bytes;
      if (isWhole && generation === this.#generation) {
        this.#put(name, { ...kept, bytes, ...this.#sealed(sealer) });
      }
    };
    return passing(body, { sealer, end });
  }

  #sealed(sealer: BytesSealer): Pick<Item, "sealed" | "untilMs"> {
    return { sealed: sealer.finish(), untilMs: this.#now() + this.#limits.ttlMs };
  }

  #put(name: string, item: Item): void {
    const former = this.#items.get(name);
    if (former) this.#drop(name, former);
    this.#items.set(name, item);
    this.#keptBytes += item.bytes;
    for (const [oldest, kept] of this.#items) {
      if (this.#items.size <= this.#limits.maxItems) return;
      this.#evict(oldest, kept);
    }
  }

  /** Makes room by dropping what was not used for longest. False where what is being read takes all of it. */
  #reserve(bytes: number): boolean {
    const { maxBytes } = this.#limits;
    if (this.#fillingBytes + bytes > maxBytes) return false;
    for (const [oldest, item] of this.#items) {
      if (this.#keptBytes + this.#fillingBytes + bytes <= maxBytes) break;
      this.#evict(oldest, item);
    }
    this.#fillingBytes += bytes;
    return true;
  }

  #evict(name: string, item: Item): void {
    this.#counters.evictions.add({});
    this.#drop(name, item);
  }

  #drop(name: string, item: Item): void {
    this.#items.delete(name);
    this.#keptBytes -= item.bytes;
  }
}

/** A body that is sealed as it passes. */
function passing(
  body: Body,
  { sealer, end }: { sealer: BytesSealer; end: (isWhole: boolean) => void },
): Body {
  return {
    async pump(take) {
      try {
        await body.pump((piece) => {
          sealer.push(piece);
          return take(piece);
        });
      } catch (error) {
        end(false);
        throw error;
      }
      end(true);
    },
    destroy(reason) {
      end(false);
      body.destroy(reason);
    },
  };
}

function countersOf(metrics: Metrics, read: { items: () => number; bytes: () => number }) {
  metrics.gauge({
    name: "gateway_cache_items",
    help: "Objects in the response cache.",
    read: read.items,
  });
  metrics.gauge({
    name: "gateway_cache_bytes",
    help: "Bytes of the response cache, of what is being read for it too.",
    read: read.bytes,
  });
  return {
    hits: metrics.counter({
      name: "gateway_cache_hits_total",
      help: "Reads of objects that the response cache answered.",
    }),
    misses: metrics.counter({
      name: "gateway_cache_misses_total",
      help: "Reads that it could have answered: nothing was kept, or the object has changed.",
      labels: ["reason"],
    }),
    evictions: metrics.counter({
      name: "gateway_cache_evictions_total",
      help: "Objects that it dropped for others.",
    }),
  };
}
