/** Tells admin every two seconds, and on change, what this process is and how it is. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Bus } from "../bus/bus.ts";
import { type ProcessState, processAlive } from "../contracts/status.ts";
import type { AnnouncementProof } from "../trust/announcement-proof.ts";
import { type Beat, startBeat } from "./beat.ts";
import type { Health } from "./health.ts";
import type { Log } from "./log.ts";
import type { LogLevelKeeper } from "./log-level.ts";
import type { Metrics } from "./metrics.ts";
import { roleWork } from "./role-work.ts";

/** What is announced, and how. */
export interface StatusBeatParts {
  readonly bus: Bus;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly roles: readonly string[];
  readonly version: string;
  readonly zone: string;
  /** What it logs, as it is now. */
  readonly logLevel: Pick<LogLevelKeeper, "state">;
  /** Absent where all roles are in this process. */
  readonly proof: AnnouncementProof | undefined;
}

/** Starts announcing, at once. What ends says that it has stopped. */
export function startStatusBeat(parts: StatusBeatParts): Beat {
  const { bus, log, proof } = parts;
  const identity = { id: randomUUID(), startedAtMs: Date.now() };
  return startBeat({
    announce: async (isStopped) => {
      const state = await stateOf(parts, { ...identity, isStopped });
      const unproven = { ...state, announcedAtMs: Date.now(), mac: "" };
      await bus.publish(processAlive, proof ? proof.prove(state) : unproven);
    },
    intervalMs: 2000,
    log,
    complaint: "status was not announced",
  });
}

async function stateOf(
  parts: StatusBeatParts,
  { id, startedAtMs, isStopped }: { id: string; startedAtMs: number; isStopped: boolean },
): Promise<ProcessState> {
  const { health, metrics, roles, version, zone } = parts;
  // Nobody minds the dependencies of what has stopped, and nobody should wait for them.
  const readiness = isStopped ? undefined : await health.answer("/readyz");
  const { user, system } = process.cpuUsage();
  const [connections] = await metrics.samples("active_connections");
  return {
    id,
    startedAtMs,
    host: hostname(),
    pid: process.pid,
    roles: [...roles],
    version,
    zone,
    phase: isStopped ? "stopped" : health.phase,
    checks: { ...readiness?.body.checks },
    inFlight: connections?.value ?? 0,
    memoryBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1e6,
    work: await roleWork(metrics),
    logLevel: parts.logLevel.state.level,
  };
}
