/** Tells edge every second where this worker is and how busy. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { type WorkerAlive, workerAlive } from "@s3eg/shared/contracts/crypto.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";

const INTERVAL_MS = 1000;

/** A running heartbeat. Disposing announces the state once more and stops. */
export interface Heartbeat extends AsyncDisposable {
  /** Announces the present state now. */
  beat(): Promise<void>;
}

/**
 * Starts announcing, at once. A broker that is cut off is edge's to notice: its last table stays in force. It is logged once, not
 * every second.
 */
export function startHeartbeat(bus: Bus, state: () => WorkerAlive, log: Log): Heartbeat {
  let isHeard = true;
  const beat = async () => {
    try {
      await bus.publish(workerAlive, state());
      isHeard = true;
    } catch (error) {
      if (isHeard) log.warn({ err: error }, "heartbeat was not announced");
      isHeard = false;
    }
  };
  const tick = () => {
    beat().catch(() => undefined);
  };
  tick();
  const timer = setInterval(tick, INTERVAL_MS);
  return {
    beat,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await beat();
    },
  };
}
