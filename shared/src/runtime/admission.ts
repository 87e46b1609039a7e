/**
 * Who may go on, where all together would need more than there is: every request says at its start what it needs at most and gets all
 * of it, or waits. Who is under way never asks again, so nothing can lock up. Those who wait take turns by client, and no client gets
 * everything: what it may hold shrinks with what is left (Choudhury and Hahne, dynamic queue length thresholds, 1998).
 */
import { Fault } from "../faults.ts";
import { FairQueue } from "./fair-queue.ts";

/** What there is. */
export interface AdmissionLimits {
  /** Bytes that all who are under way may need together. */
  readonly maxBytes: number;
  /** How many may be under way. */
  readonly maxRequests: number;
  /** Bytes that those who wait may hold together, and how long they may. */
  readonly maxWaitingBytes: number;
  readonly maxWaitMs: number;
}

/** Who asks, and for how much. */
export interface Asking {
  /** Whose turn it is among those who wait. */
  readonly client: string;
  /** Most bytes of memory that it will need. More than there is counts as all there is. */
  readonly bytes: number;
  /** Aborted: it waits no longer, and the reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Told when it has to wait; says how many bytes of memory it holds while it does. */
  onWait(): number;
}

/** What is in use. */
export interface AdmissionState {
  readonly bytes: number;
  readonly requests: number;
  readonly waiting: number;
}

/** A client may hold this many times what it leaves: three quarters of all where it is alone, less where others are. */
const SHARE = 3;

const WAIT_SPREAD = 1 / 4;

interface Waiter {
  readonly client: string;
  readonly bytes: number;
  readonly sinceMs: number;
  settle(error?: unknown): void;
}

interface Held {
  bytes: number;
  requests: number;
}

const NOTHING: Readonly<Held> = { bytes: 0, requests: 0 };

/** Admits requests, and keeps account of them until their places are disposed of. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #now: () => number;
  readonly #all: Held = { ...NOTHING };
  readonly #held = new Map<string, Held>();
  readonly #queue: FairQueue<Waiter>;

  constructor(limits: AdmissionLimits, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
    this.#queue = new FairQueue(limits.maxWaitingBytes);
  }

  /** What is in use now. */
  get state(): AdmissionState {
    return { ...this.#all, waiting: this.#queue.size };
  }

  /**
   * Resolves when the request may go on, with its place: whoever asked disposes of it at the end, and twice does no harm. Throws
   * `limit.busy` where it would wait too long, or too many wait.
   */
  async enter(asking: Asking): Promise<Disposable> {
    const { client, bytes, signal } = asking;
    signal?.throwIfAborted();
    const wanted = { client, bytes: Math.min(bytes, this.#limits.maxBytes) };
    if (this.#queue.size === 0 && this.#fits(wanted)) this.#take(wanted);
    else await this.#wait(wanted, asking);
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (isHeld) this.#giveBack(wanted);
        isHeld = false;
      },
    };
  }

  async #wait(
    wanted: Pick<Waiter, "client" | "bytes">,
    { signal, onWait }: Pick<Asking, "signal" | "onWait">,
  ): Promise<void> {
    const turn = Promise.withResolvers<void>();
    const settle = (error?: unknown) => (error ? turn.reject(error) : turn.resolve());
    const waiter: Waiter = { ...wanted, sinceMs: this.#now(), settle };
    const leave = (error: unknown) => {
      if (this.#queue.remove(waiter.client, waiter)) settle(error);
      // It may have been the one that all others waited for.
      this.#admitWaiting();
    };
    const onAbort = () => leave(signal?.reason);
    const tooLong = () => leave(busy("waited for a place too long"));
    // Those who came together are not to be turned away together: that alone would keep the process busy for a while.
    const waitMs = this.#limits.maxWaitMs * (1 - Math.random() * WAIT_SPREAD);
    const timer = setTimeout(tooLong, waitMs).unref();
    signal?.addEventListener("abort", onAbort, { once: true });
    for (const outcast of this.#queue.add(waiter.client, waiter, onWait())) {
      outcast.settle(busy("too many wait for a place"));
    }
    this.#admitWaiting();
    try {
      await turn.promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #admitWaiting(): void {
    const pressingSinceMs = this.#now() - this.#limits.maxWaitMs / 2;
    this.#queue.offerAll((waiter) => {
      if (this.#fits(waiter)) {
        this.#take(waiter);
        waiter.settle();
        return "take";
      }
      // A large request would never find room among small ones: what becomes free is kept for it.
      const isPressing = waiter.sinceMs <= pressingSinceMs && !this.#held.has(waiter.client);
      return isPressing ? "stop" : "leave";
    });
  }

  /** True if there is room for it, and its client holds nothing yet or leaves enough for others. */
  #fits({ client, bytes }: Pick<Waiter, "client" | "bytes">): boolean {
    const held = this.#held.get(client) ?? NOTHING;
    const freeBytes = this.#limits.maxBytes - this.#all.bytes - bytes;
    const free = this.#limits.maxRequests - this.#all.requests - 1;
    if (freeBytes < 0 || free < 0) return false;
    const isFair = held.bytes + bytes <= SHARE * freeBytes && held.requests + 1 <= SHARE * free;
    return held.requests === 0 || isFair;
  }

  #take({ client, bytes }: Pick<Waiter, "client" | "bytes">): void {
    const held = this.#held.get(client) ?? { ...NOTHING };
    this.#held.set(client, held);
    for (const account of [this.#all, held]) {
      account.bytes += bytes;
      account.requests += 1;
    }
  }

  #giveBack({ client, bytes }: Pick<Waiter, "client" | "bytes">): void {
    const held = this.#held.get(client) ?? { ...NOTHING };
    for (const account of [this.#all, held]) {
      account.bytes -= bytes;
      account.requests -= 1;
    }
    if (held.requests === 0) this.#held.delete(client);
    this.#admitWaiting();
  }
}

function busy(message: string): Fault {
  return new Fault("limit.busy", message);
}
