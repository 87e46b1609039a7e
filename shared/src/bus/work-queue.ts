/** A queue of work that somebody is to do, each piece by one taker: who vanishes with one leaves it to another. */

/** A piece of work in hand. */
export interface Task {
  /** What was put: a name, no more. Whoever reaches the carrier may have put it. */
  readonly id: string;
  /** Tells that it is still being worked at; within half a minute each time. */
  extend(): void;
  /** It is not to be done again. */
  done(): void;
  /** Somebody, perhaps the same, is to take it again after this time. */
  giveBack(afterMs: number): void;
}

/** Where work waits. */
export interface WorkQueue {
  /** Puts a piece. `once` tells putting the same twice from putting it again. `bus.unavailable` where it is not known whether it is there. */
  put(id: string, once: string): Promise<void>;
  /** The next piece; undefined once `signal` is aborted, or when there was none for a while. `bus.unavailable` where the carrier is away. */
  take(signal: AbortSignal): Promise<Task | undefined>;
}
