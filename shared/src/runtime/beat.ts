/** What a process announces of itself again and again: at once, at an interval, when it is told to, and a last time at its end. */
import type { Log } from "./log.ts";

/** What is announced, and how often. */
export interface BeatParts {
  /** `isEnding` from the last time on. */
  readonly announce: (isEnding: boolean) => Promise<void>;
  readonly intervalMs: number;
  readonly log: Log;
  /** What is logged where it could not be announced: once, until it can again. */
  readonly complaint: string;
}

/** A running beat. Disposing announces once more, and ends it. */
export interface Beat extends AsyncDisposable {
  /** Announces the present state now. Never rejects. */
  beat(): Promise<void>;
}

/** Starts announcing, at once. */
export function startBeat({ announce, intervalMs, log, complaint }: BeatParts): Beat {
  let isEnding = false;
  let isHeard = true;
  let running: Promise<void> | undefined;
  const announceNow = async () => {
    try {
      await announce(isEnding);
      isHeard = true;
    } catch (error) {
      if (isHeard) log.warn({ err: error }, complaint);
      isHeard = false;
    }
  };
  // One after the other: to know its state may take a process longer than the interval.
  const beat = async () => {
    await running;
    running = announceNow();
    await running;
    running = undefined;
  };
  const tick = () => {
    if (!running) beat().catch(() => undefined);
  };
  tick();
  const timer = setInterval(tick, intervalMs);
  return {
    beat,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      isEnding = true;
      await beat();
    },
  };
}
