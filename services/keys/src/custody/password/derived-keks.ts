/** KEKs derived from passwords: kept, derived one at a time, each once for all who ask, and not without limit. */
import type { KeyObject } from "node:crypto";
import { Fault } from "@s3eg/shared/faults.ts";
import type { KeyRef } from "../custodian.ts";

/** How many KEKs are kept, and how many derivations may be asked for. */
export interface DerivationLimits {
  readonly maxKept: number;
  /** Derivations that may be asked for at once, from a rested start. */
  readonly burst: number;
  /** After how long one more may be asked for, in milliseconds. */
  readonly refillMs: number;
}

/** Enough for a cold start over years of epochs; a backend that makes up key ids can have no more. */
const DERIVATION_LIMITS: DerivationLimits = { maxKept: 256, burst: 128, refillMs: 1000 };

interface Kept {
  readonly kek: Promise<KeyObject>;
  /** An envelope opened under it: it is no key id that somebody made up. */
  isProven: boolean;
}

/** Derives KEKs by `derive` and keeps them. */
export class DerivedKeks {
  readonly #derive: (key: KeyRef) => Promise<KeyObject>;
  readonly #limits: DerivationLimits;
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept>();
  #last: Promise<unknown> = Promise.resolve();
  #allowed: number;
  #countedAtMs: number;

  /** `now` is a clock in milliseconds, for tests. */
  constructor(
    derive: (key: KeyRef) => Promise<KeyObject>,
    limits: DerivationLimits = DERIVATION_LIMITS,
    now: () => number = () => performance.now(),
  ) {
    this.#derive = derive;
    this.#limits = limits;
    this.#now = now;
    this.#allowed = limits.burst;
    this.#countedAtMs = now();
  }

  /** The KEK of a key id. `limit.busy` if too many new ones were asked for. */
  async kekOf(key: KeyRef): Promise<KeyObject> {
    const name = nameOf(key);
    const kept = this.#kept.get(name);
    if (kept) {
      // The one used last is the last to go.
      this.#kept.delete(name);
      this.#kept.set(name, kept);
      return await kept.kek;
    }
    this.#spend();
    const kek = this.#inTurn(key);
    this.#keep(name, { kek, isProven: false });
    try {
      return await kek;
    } catch (error) {
      this.#kept.delete(name);
      throw error;
    }
  }

  /** Says that something opened under this KEK: those that nothing opened under go first. */
  prove(key: KeyRef): void {
    const kept = this.#kept.get(nameOf(key));
    if (kept) kept.isProven = true;
  }

  #keep(name: string, fresh: Kept): void {
    if (this.#kept.size >= this.#limits.maxKept) {
      const names = [...this.#kept];
      const [oldest] = names.find(([, { isProven }]) => !isProven) ?? names[0] ?? [];
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    this.#kept.set(name, fresh);
  }

  async #inTurn(key: KeyRef): Promise<KeyObject> {
    const previous = this.#last;
    const turn = Promise.withResolvers<void>();
    this.#last = turn.promise;
    await previous;
    try {
      return await this.#derive(key);
    } finally {
      turn.resolve();
    }
  }

  #spend(): void {
    const { burst, refillMs } = this.#limits;
    const nowMs = this.#now();
    this.#allowed = Math.min(burst, this.#allowed + (nowMs - this.#countedAtMs) / refillMs);
    this.#countedAtMs = nowMs;
    if (this.#allowed < 1) throw new Fault("limit.busy", "too many new epochs of a password");
    this.#allowed -= 1;
  }
}

function nameOf({ keyId, keyVersion }: KeyRef): string {
  return `${keyVersion}/${keyId}`;
}
