/** Tells edge every second where this worker is and how busy. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { type WorkerAlive, workerAlive } from "@s3eg/shared/contracts/crypto.ts";
import { type Beat, startBeat } from "@s3eg/shared/runtime/beat.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";

/** Starts announcing, at once. A broker that is cut off is edge's to notice: its last table stays in force. */
export function startHeartbeat(bus: Bus, state: () => WorkerAlive, log: Log): Beat {
  return startBeat({
    announce: () => bus.publish(workerAlive, state()),
    intervalMs: 1000,
    log,
    complaint: "heartbeat was not announced",
  });
}
