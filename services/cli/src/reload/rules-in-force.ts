/** The rules that a process goes by now, and all who go by them. */
import type { Rules } from "../rules.ts";

/** Rules that are exchanged as a whole: whoever goes by a part of them is told in one go, without a request in between. */
export class RulesInForce {
  readonly #checks: ((next: Rules) => Promise<void>)[] = [];
  readonly #adopters: ((next: Rules, before: Rules) => void)[] = [];
  #current: Rules;

  constructor(rules: Rules) {
    this.#current = rules;
  }

  get current(): Rules {
    return this.#current;
  }

  /** Has `check` look at rules before they are exchanged for others; it throws what is against them. */
  checkedBy(check: (next: Rules) => Promise<void>): void {
    this.#checks.push(check);
  }

  /** Has `adopt` told of rules that are in force from now on. It must not fail. */
  adoptedBy(adopt: (next: Rules, before: Rules) => void): void {
    this.#adopters.push(adopt);
  }

  /** Exchanges the rules, or throws what a check has thrown: then those of before stay in force. */
  async exchange(next: Rules): Promise<void> {
    for (const check of this.#checks) await check(next);
    const before = this.#current;
    this.#current = next;
    for (const adopt of this.#adopters) adopt(next, before);
  }
}
