/**
 * Decisions that replicas of keys share. What a replica knows is in its folder, as without sharing; what lies with the broker is how it
 * learns of others' decisions. It believes what is signed and not older than what it knows, and puts back what is gone or was changed.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Kept, KeptValue } from "@s3eg/shared/bus/kept-value.ts";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { canonicalJson } from "@s3eg/shared/trust/canonical-json.ts";
import type { Change, NumberedDecision } from "./decision.ts";
import { type DecisionSeal, MAX_TOLD } from "./signed-decisions.ts";
import type { VersionStates } from "./version-states.ts";

/** What sharing is made of. */
export interface Sharing {
  readonly states: VersionStates;
  readonly value: KeptValue;
  readonly seal: DecisionSeal;
  readonly log: Log;
}

/** How often it is looked besides the watch, which a broker may let sleep. */
const LOOK_MS = 5000;
const AGAIN_MS = 1000;
/** Two secrets at once, while one is changed, must not write against each other without pause. */
const PUT_BACK_MS = 4000;

/** The shared decisions of a running replica. */
export class SharedDecisions implements AsyncDisposable {
  readonly #parts: Sharing;
  readonly #stop = new AbortController();
  /** Looks and decisions follow each other: what was read or written last is what is known. */
  #last: Promise<unknown> = Promise.resolve();
  #isWanted = false;
  #watch: AsyncDisposable | undefined;
  #timer: NodeJS.Timeout | undefined;
  #kept: Kept | undefined;
  #failure: Error | undefined;
  #putBackAtMs = Number.NEGATIVE_INFINITY;

  private constructor(parts: Sharing) {
    this.#parts = parts;
  }

  /**
   * Resolves once this replica knows what was decided: it waits for JetStream as long as it takes, with a warning per failed try, until
   * `signal` is aborted. `config.invalid` where what lies there can't be believed and this replica knows nothing itself.
   */
  static async open(parts: Sharing, signal: AbortSignal): Promise<SharedDecisions> {
    const shared = new SharedDecisions(parts);
    for (;;) {
      signal.throwIfAborted();
      try {
        await shared.look();
        break;
      } catch (error) {
        if (!isFault(error, "bus.unavailable", "backend.changed")) throw error;
        parts.log.warn({ err: error }, "states of key versions can't be read yet");
      }
      await sleep(AGAIN_MS, undefined, { signal });
    }
    shared.#follow();
    return shared;
  }

  /** Resolves if the last look succeeded: what is decided elsewhere is heard of here. */
  async check(): Promise<void> {
    await Promise.resolve();
    if (this.#failure) throw this.#failure;
  }

  /** Learns what was decided elsewhere by now. Faults as of KeptValue, `config.invalid` as of `open`. */
  async look(): Promise<void> {
    await this.#inTurn(() => this.#lookOnce());
  }

  /** Makes a decision for every replica, on revision `seen` of what is known here. `backend.changed` if another one was made since. */
  async decide(change: Change, seen = this.#parts.states.revision): Promise<void> {
    const { states, value, seal } = this.#parts;
    await this.#inTurn(async () => {
      const next = states.next(change, seen);
      const told = [...states.since(next.number - MAX_TOLD), next];
      this.#kept = await value.write(seal.sign(told), this.#kept);
      this.#adopt([next]);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#timer);
    await this.#watch?.[Symbol.asyncDispose]();
    await this.#last;
  }

  async #inTurn(act: () => Promise<void>): Promise<void> {
    const mine = this.#last.then(act);
    this.#last = mine.catch(() => undefined);
    await mine;
  }

  #follow(): void {
    const look = () => {
      if (this.#isWanted) return;
      this.#isWanted = true;
      this.#lookAndTell().catch(() => undefined);
    };
    this.#watch = this.#parts.value.watch(look);
    this.#timer = setInterval(look, LOOK_MS);
    this.#timer.unref();
  }

  async #lookAndTell(): Promise<void> {
    const { log } = this.#parts;
    try {
      await this.look();
      if (this.#failure) log.warn({}, "states of key versions can be read again");
      this.#failure = undefined;
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const failure = error instanceof Error ? error : new Error(String(error));
      if (failure.message !== this.#failure?.message) {
        log.error(
          { err: error },
          "states of key versions can't be read: the last ones stay in force",
        );
      }
      this.#failure = failure;
    }
  }

  async #lookOnce(): Promise<void> {
    const { states, value, seal, log } = this.#parts;
    this.#isWanted = false;
    const kept = await value.read();
    const decisions = kept && seal.open(kept.bytes);
    this.#kept = kept;
    states.refuse(undefined);
    const known = states.revision;
    if (kept && !decisions) {
      log.error({}, "shared states of key versions are forged, or of another KEYS_SECRET");
      if (known === 0) throw unbelievable();
    }
    this.#refuseFork(decisions);
    const last = decisions?.at(-1)?.number ?? 0;
    if (last > known) this.#adopt(decisions?.filter(({ number }) => number > known) ?? []);
    if (last < known) await this.#putBack();
  }

  /** Numbers are given once; two decisions of one number mean that one of them was made without knowing the other. */
  #refuseFork(decisions: readonly NumberedDecision[] = []): void {
    const { states } = this.#parts;
    const { revision } = states;
    const common = decisions.findLast(({ number }) => number <= revision);
    const own = common && states.since(common.number - 1)[0];
    if (!common || !own || own.number !== common.number) return;
    if (canonicalJson(own.decision) === canonicalJson(common.decision)) return;
    const fault = new Fault(
      "config.invalid",
      `decision ${common.number} about key versions is another one here than with the other replicas: keep DATA_DIR/keys/versions of one of them alone`,
    );
    states.refuse(fault);
    throw fault;
  }

  /** Where it can't be kept, nothing is answered any more: a version that was retired must not be used on. */
  #adopt(decisions: readonly NumberedDecision[]): void {
    const { states, log } = this.#parts;
    for (const { number, decision } of decisions) {
      try {
        states.keep({ number, decision });
        const { action, key } = decision.change;
        log.info({ number, action, ...key }, "a decision about key versions is followed");
      } catch (error) {
        if (isFault(error, "backend.changed")) continue;
        const cause = { cause: error };
        states.refuse(new Fault("keys.unavailable", "a decision could not be kept", cause));
        throw error;
      }
    }
  }

  /** A broker that lost what it had, or gives old for new, gets it again. */
  async #putBack(): Promise<void> {
    const { states, value, seal, log } = this.#parts;
    if (performance.now() - this.#putBackAtMs < PUT_BACK_MS) return;
    this.#putBackAtMs = performance.now();
    if (this.#kept) log.error({}, "shared states of key versions were old or forged: put back");
    else log.warn({}, "shared states of key versions were not there: put there");
    const told = states.since(states.revision - MAX_TOLD);
    this.#kept = await value.write(seal.sign(told), this.#kept);
  }
}

function unbelievable(): Fault {
  return new Fault(
    "config.invalid",
    "the states of key versions in JetStream were written with another KEYS_SECRET, or by somebody who has none",
  );
}
