/** Bounded time and patience for a key store on the network: each attempt has a limit, all together another. */
import { setTimeout as sleep } from "node:timers/promises";
import { Fault, isFault } from "@s3eg/shared/faults.ts";

/** How patiently is retried; times in milliseconds. */
export interface RetryPolicy {
  readonly isEnabled: boolean;
  /** Longest wait before the second attempt; it grows by `multiplier` up to `maxMs`. */
  readonly initialMs: number;
  readonly maxMs: number;
  readonly multiplier: number;
  /** For all attempts and waits together. */
  readonly maxElapsedMs: number;
  /** For one attempt. */
  readonly attemptTimeoutMs: number;
}

/** One try, of number `tries` (1 is the first). It should end when the signal says so; whether it does or not, nobody waits longer. */
export type Attempt<Result> = (signal: AbortSignal, tries: number) => Promise<Result>;

/**
 * The result of the first attempt that gets an answer. Only `keys.unavailable` is tried again, after a random wait ("full jitter"),
 * while time is left. Whatever is no Fault becomes `keys.unavailable`: it says nothing of the object.
 */
export async function retried<Result>(
  attempt: Attempt<Result>,
  policy: RetryPolicy,
  random: () => number = Math.random,
): Promise<Result> {
  const endsAtMs = performance.now() + policy.maxElapsedMs;
  for (let tries = 1; ; tries += 1) {
    const leftMs = endsAtMs - performance.now();
    try {
      const timeoutMs = Math.min(policy.attemptTimeoutMs, leftMs);
      return await withinTime((signal) => attempt(signal, tries), timeoutMs);
    } catch (error) {
      const fault = unavailable(error);
      const waitMs = Math.round(random() * longestWaitMs(policy, tries));
      const isWorthIt = performance.now() + waitMs < endsAtMs;
      if (!policy.isEnabled || !isFault(fault, "keys.unavailable") || !isWorthIt) throw fault;
      await sleep(waitMs);
    }
  }
}

/** The longest that may be waited after so many attempts, in milliseconds. */
export function longestWaitMs(policy: RetryPolicy, tries: number): number {
  return Math.min(policy.maxMs, policy.initialMs * policy.multiplier ** (tries - 1));
}

async function withinTime<Result>(
  attempt: (signal: AbortSignal) => Promise<Result>,
  timeoutMs: number,
): Promise<Result> {
  const ended = new AbortController();
  const expired = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => {
      const fault = new Fault("keys.unavailable", "the key store did not answer in time");
      expired.reject(fault);
      ended.abort(fault);
    },
    Math.max(1, timeoutMs),
  );
  const running = attempt(ended.signal);
  try {
    return await Promise.race([running, expired.promise]);
  } catch (error) {
    wipeWhenLate(running);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Nobody waits for it any more; it may still bring key material. */
function wipeWhenLate(running: Promise<unknown>): void {
  running.then(
    (late) => {
      if (late instanceof Uint8Array) late.fill(0);
    },
    () => undefined,
  );
}

function unavailable(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault("keys.unavailable", "the key store failed", { cause: error });
}
