/** Unwrapping for whoever looks at many objects: while one question is under way, those that come up wait, and share the next. */
import { setImmediate as turn } from "node:timers/promises";
import { MAX_UNWRAPPED, type Place } from "@s3eg/shared/contracts/keys.ts";

/** The value of `x-amz-meta-s3eg`, and where it was found. */
export interface Sealed {
  readonly header: string;
  readonly place: Place;
}

/** The data key of each, in order, or why there is none. */
export type UnwrapMany = (all: readonly Sealed[]) => Promise<(Uint8Array | Error)[]>;

interface Waiting {
  readonly sealed: Sealed;
  readonly settle: (outcome: Uint8Array | Error) => void;
}

/** Joins what is asked of it into questions of at most `MAX_UNWRAPPED`, one after the other. */
export class JoinedUnwraps {
  readonly #unwrapMany: UnwrapMany;
  readonly #waiting: Waiting[] = [];
  #isAsking = false;

  constructor(unwrapMany: UnwrapMany) {
    this.#unwrapMany = unwrapMany;
  }

  /** The data key, which the caller wipes. Throws what keys says of this one, or what became of the question. */
  async unwrap(sealed: Sealed): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const settle = (outcome: Uint8Array | Error) =>
      outcome instanceof Error ? reject(outcome) : resolve(outcome);
    this.#waiting.push({ sealed, settle });
    // Whoever comes first asks for all, also for those that come when its own answer is there.
    if (!this.#isAsking) await Promise.race([promise, this.#askAll()]);
    return await promise;
  }

  async #askAll(): Promise<void> {
    this.#isAsking = true;
    while (this.#waiting.length > 0) {
      // What comes up in the same turn goes along with the first.
      await turn();
      const asked = this.#waiting.splice(0, MAX_UNWRAPPED);
      const outcomes = await this.#ask(asked.map(({ sealed }) => sealed));
      for (const [at, { settle }] of asked.entries()) settle(outcomes[at] ?? noAnswer());
    }
    this.#isAsking = false;
  }

  async #ask(all: readonly Sealed[]): Promise<(Uint8Array | Error)[]> {
    try {
      return await this.#unwrapMany(all);
    } catch (error) {
      const failure = error instanceof Error ? error : noAnswer();
      return all.map(() => failure);
    }
  }
}

function noAnswer(): Error {
  return new Error("keys left an object out of its answer");
}
