/** Ends dead uploads at intervals, in every worker: whoever comes second finds nothing left. */
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { STATE_GRACE } from "../multipart-state/multipart-state.ts";
import { endAll, endedUploads, expiringUploads, type GarbageRooms } from "./garbage.ts";

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

/** Starts the rounds; disposing waits for those that run. */
export function startCleanUp(rooms: GarbageRooms, options: CleanUpOptions): AsyncDisposable {
  const { everyMs, log } = options;
  const { intervalMs, expiringWithinMs } = cleanUpTimes(options);
  // Apart, since the one has a time to keep and the other asks the backend about every upload.
  const kinds = [
    startRounds(log, intervalMs, () => endAll(rooms, expiringUploads(rooms, { expiringWithinMs }))),
    startRounds(log, everyMs, () => endAll(rooms, endedUploads(rooms))),
  ];
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(kinds.map((rounds) => rounds[Symbol.asyncDispose]()));
    },
  };
}

function startRounds(log: Log, everyMs: number, clean: () => Promise<number>): AsyncDisposable {
  let round: Promise<void> | undefined;
  let isFailing = false;
  const next = async () => {
    try {
      const uploads = await clean();
      if (uploads > 0) log.info({ uploads }, "ended uploads that nobody will complete");
      isFailing = false;
    } catch (err) {
      if (!isFailing) log.warn({ err }, "dead uploads were not cleared; tried again later");
      isFailing = true;
    }
    round = undefined;
  };
  const timer = setInterval(() => {
    round ??= next();
  }, everyMs);
  timer.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await round;
    },
  };
}
