/** The replay memory of an answerer. */
import { Fault } from "../faults.ts";
import { MAX_QUESTION_AGE_MS } from "./question-proof.ts";

const SLOT_MS = 10_000;

/**
 * Remembers every nonce as long as its question could be asked again. Nonces lie in slots by the time stamped on their question,
 * which whoever replays it cannot change; a slot is dropped when all of its questions are too old.
 */
export class SeenNonces {
  readonly #capacity: number;
  readonly #slots = new Map<number, Set<string>>();
  #count = 0;
  #dropped = Number.NEGATIVE_INFINITY;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /**
   * True if the nonce is new. False if it was seen, or if its slot is forgotten already (the clock was set back).
   * `keys.unavailable` when the memory is full: then nothing can be told apart from a replay.
   */
  add(nonce: string, timestampMs: number, nowMs: number): boolean {
    this.#forget(nowMs);
    const index = Math.floor(timestampMs / SLOT_MS);
    if (index <= this.#dropped) return false;
    const slot = this.#slots.get(index) ?? new Set();
    if (slot.has(nonce)) return false;
    if (this.#count >= this.#capacity) {
      throw new Fault("keys.unavailable", "too many questions within a minute");
    }
    slot.add(nonce);
    this.#slots.set(index, slot);
    this.#count += 1;
    return true;
  }

  #forget(nowMs: number): void {
    const last = Math.floor((nowMs - MAX_QUESTION_AGE_MS) / SLOT_MS) - 1;
    if (last <= this.#dropped) return;
    this.#dropped = last;
    for (const [index, slot] of this.#slots) {
      if (index > last) continue;
      this.#slots.delete(index);
      this.#count -= slot.size;
    }
  }
}
