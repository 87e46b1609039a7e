/** Clears the state of dead uploads at intervals, in every worker: whoever comes second finds nothing left. */
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { STATE_GRACE } from "../multipart-state/multipart-state.ts";
import { clearGarbage, type GarbageRooms } from "./garbage.ts";

/** How often, and which uploads count as dead. */
export interface CleanUpOptions {
  readonly everyMs: number;
  /** Life of an upload after its last part (`ttl_seconds`). */
  readonly ttlMs: number;
  readonly log: Log;
}

/** Rounds in the time between the end of an upload and that of its state, at least: some may fail. */
const LEAST_ROUNDS = 4;

/** How far apart rounds are, and how early before the end of its state an upload ends; milliseconds. */
export function cleanUpTimes({ everyMs, ttlMs }: Pick<CleanUpOptions, "everyMs" | "ttlMs">) {
  const expiringWithinMs = ttlMs * STATE_GRACE;
  return { intervalMs: Math.min(everyMs, expiringWithinMs / LEAST_ROUNDS), expiringWithinMs };
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
