/** Clears the state of dead uploads at intervals, in every worker: whoever comes second finds nothing left. */
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { clearGarbage, type GarbageRooms } from "./garbage.ts";

/** How often, and which uploads count as dead. */
export interface CleanUpOptions {
  readonly everyMs: number;
  /** Life of an upload's state after its last part (`ttl_seconds`). */
  readonly ttlMs: number;
  readonly log: Log;
}

/** An upload ends at the latest two rounds before its state would: one round may fail. */
const ROUNDS_AHEAD = 2;
/** Rounds in the life of an upload, at least: so its end is never much earlier than the setting says. */
const LEAST_ROUNDS = 20;

/** How far apart rounds are, and how early before the end of its state an upload ends; milliseconds. */
export function cleanUpTimes({ everyMs, ttlMs }: Pick<CleanUpOptions, "everyMs" | "ttlMs">) {
  const intervalMs = Math.min(everyMs, ttlMs / LEAST_ROUNDS);
  return { intervalMs, expiringWithinMs: intervalMs * ROUNDS_AHEAD };
}

/** Starts the rounds; disposing waits for the one that runs. */
export function startCleanUp(rooms: GarbageRooms, options: CleanUpOptions): AsyncDisposable {
  const { log } = options;
  const { intervalMs, expiringWithinMs } = cleanUpTimes(options);
  let round: Promise<void> | undefined;
  let isFailing = false;
  const clean = async () => {
    try {
      const uploads = await clearGarbage(rooms, { expiringWithinMs });
      if (uploads > 0) log.info({ uploads }, "ended uploads that nobody will complete");
      isFailing = false;
    } catch (err) {
      if (!isFailing) log.warn({ err }, "dead uploads were not cleared; tried again later");
      isFailing = true;
    }
    round = undefined;
  };
  const timer = setInterval(() => {
    round ??= clean();
  }, intervalMs);
  timer.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await round;
    },
  };
}
