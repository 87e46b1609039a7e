/** A circuit breaker: who keeps failing is left alone for a while, and then tried by one caller only. */
import { Fault } from "@s3eg/shared/faults.ts";

/** When it opens and closes; times in milliseconds. */
export interface BreakerPolicy {
  readonly isEnabled: boolean;
  /** Failures in a row that open it. */
  readonly consecutiveFailures: number;
  /** How long it stays open before one attempt is let through. */
  readonly openMs: number;
  /** Successes in a row that close it again. */
  readonly successThreshold: number;
}

/** `closed`: attempts pass. `open`: none does. `half-open`: one is let through to see. */
export type BreakerState = "closed" | "half-open" | "open";

/** Guards one key store. */
export class CircuitBreaker {
  readonly #policy: BreakerPolicy;
  readonly #now: () => number;
  readonly #onState: (state: BreakerState) => void;
  #failures = 0;
  #successes = 0;
  #openUntilMs: number | undefined;
  #isTrying = false;

  /** `now` is a clock in milliseconds, for tests. `onState` is told every state, the first included. */
  constructor(
    policy: BreakerPolicy,
    now: () => number = () => performance.now(),
    onState: (state: BreakerState) => void = () => undefined,
  ) {
    this.#policy = policy;
    this.#now = now;
    this.#onState = onState;
    onState("closed");
  }

  /** True while attempts are refused, or let through one by one. */
  get isOpen(): boolean {
    return this.#openUntilMs !== undefined;
  }

  /**
   * Makes an attempt, or refuses it at once with `keys.unavailable`. What rejects with `keys.unavailable` has failed; any other
   * outcome is an answer, and speaks for the store.
   */
  async run<Result>(attempt: () => Promise<Result>): Promise<Result> {
    if (!this.#policy.isEnabled) return await attempt();
    const isTrial = this.#enter();
    try {
      const result = await attempt();
      this.#succeeded();
      return result;
    } catch (error) {
      if (error instanceof Fault && error.code !== "keys.unavailable") this.#succeeded();
      else this.#failed();
      throw error;
    } finally {
      if (isTrial) this.#isTrying = false;
    }
  }

  #enter(): boolean {
    if (this.#openUntilMs === undefined) return false;
    if (this.#isTrying || this.#now() < this.#openUntilMs) {
      throw new Fault("keys.unavailable", "the key store failed a moment ago and is left alone");
    }
    this.#isTrying = true;
    this.#onState("half-open");
    return true;
  }

  #succeeded(): void {
    this.#failures = 0;
    if (this.#openUntilMs === undefined) return;
    this.#successes += 1;
    if (this.#successes < this.#policy.successThreshold) return;
    this.#openUntilMs = undefined;
    this.#onState("closed");
  }

  #failed(): void {
    this.#failures += 1;
    this.#successes = 0;
    const { consecutiveFailures, openMs } = this.#policy;
    if (this.#openUntilMs !== undefined || this.#failures >= consecutiveFailures) {
      this.#openUntilMs = this.#now() + openMs;
      this.#onState("open");
    }
  }
}
