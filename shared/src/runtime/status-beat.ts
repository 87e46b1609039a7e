/** Tells admin every two seconds, and on change, what this process is and how it is. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Bus } from "../bus/bus.ts";
import { type ProcessState, processAlive } from "../contracts/status.ts";
import type { AnnouncementProof } from "../trust/announcement-proof.ts";
import type { Health } from "./health.ts";
import type { Log } from "./log.ts";
import type { LogLevelKeeper } from "./log-level.ts";
import type { Metrics } from "./metrics.ts";
import { roleWork } from "./role-work.ts";

const INTERVAL_MS = 2000;

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

/** A running beat. Disposing says once more that the process has stopped, and ends it. */
export interface StatusBeat extends AsyncDisposable {
  /** Announces the present state now. Never rejects. */
  beat(): Promise<void>;
}

/** Starts announcing, at once. What could not be announced is logged once, until it can again. */
export function startStatusBeat(parts: StatusBeatParts): StatusBeat {
  const { bus, log, proof } = parts;
  const identity = { id: randomUUID(), startedAtMs: Date.now() };
  let isStopped = false;
  let isHeard = true;
  let running: Promise<void> | undefined;
  const announce = async () => {
    try {
      const state = await stateOf(parts, { ...identity, isStopped });
      const unproven = { ...state, announcedAtMs: Date.now(), mac: "" };
      await bus.publish(processAlive, proof ? proof.prove(state) : unproven);
      isHeard = true;
    } catch (error) {
      if (isHeard) log.warn({ err: error }, "status was not announced");
      isHeard = false;
    }
  };
  // One after the other: a check may take longer than the beat.
  const beat = async () => {
    await running;
    running = announce();
    await running;
    running = undefined;
  };
  const tick = () => {
    if (!running) beat().catch(() => undefined);
  };
  tick();
  const timer = setInterval(tick, INTERVAL_MS);
  return {
    beat,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      isStopped = true;
      await beat();
    },
  };
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
