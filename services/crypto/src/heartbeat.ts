/** Tells edge every second, and at once on a change, where this worker is and how busy. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { type WorkerAlive, workerAlive } from "@s3eg/shared/contracts/crypto.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";

const INTERVAL_MS = 1000;

/** A running heartbeat. */
export interface Heartbeat extends AsyncDisposable {
  /** Announces the present state now. */
  beat(): Promise<void>;
}

/** Starts announcing. A broker that is cut off is edge's to notice: its last table stays in force. */
export function startHeartbeat(bus: Bus, state: () => WorkerAlive, log: Log): Heartbeat {
  const beat = async () => {
    try {
      await bus.publish(workerAlive, state());
    } catch (error) {
      log.warn({ err: error }, "heartbeat was not announced");
    }
  };
  const timer = setInterval(() => {
    beat().catch(() => undefined);
  }, INTERVAL_MS);
  return {
    beat,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await beat();
    },
  };
}
