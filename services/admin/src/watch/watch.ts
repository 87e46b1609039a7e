/** What admin hears of the gateway: how processes are, how fast they work, what audit recorded. All of it bounded. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import type { Announcement } from "@s3eg/shared/contracts/contract.ts";
import { eventsRecorded, processAlive } from "@s3eg/shared/contracts/status.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { AnnouncementProof, Proven } from "@s3eg/shared/trust/announcement-proof.ts";
import { ProcessTable } from "./process-table.ts";
import { RateSeries, STEP_MS } from "./rate-series.ts";
import { TrailTail } from "./trail-tail.ts";

/** With what announcements are checked; absent where all roles are in this process. */
export interface WatchProofs {
  readonly processes: AnnouncementProof;
  readonly events: AnnouncementProof;
}

/** What was heard. */
export interface Watch {
  readonly processes: Pick<ProcessTable, "list">;
  readonly rates: Pick<RateSeries, "points">;
  readonly trail: Pick<TrailTail, "find" | "isHeard" | "omitted">;
}

/** Forgeries come as fast as somebody likes; the log is told this seldom. */
const WARN_EVERY_MS = 60_000;

/** Begins to listen, for as long as the bus is open. Disposing ends the taking of samples. */
export function openWatch(parts: {
  readonly bus: Bus;
  readonly log: Log;
  readonly proofs: WatchProofs | undefined;
}): Watch & Disposable {
  const { proofs } = parts;
  const processes = new ProcessTable();
  const rates = new RateSeries();
  const trail = new TrailTail();
  const hearProven = listener(parts);
  hearProven(processAlive, proofs?.processes, (fact) => processes.heard(fact));
  hearProven(eventsRecorded, proofs?.events, (fact) => trail.heard(fact));
  const timer = setInterval(() => rates.sample(processes.list(), Date.now()), STEP_MS);
  return { processes, rates, trail, [Symbol.dispose]: () => clearInterval(timer) };
}

/** Subscribes to what has to be proven. */
function listener({ bus, log }: { bus: Bus; log: Log }) {
  let warnedAtMs = Number.NEGATIVE_INFINITY;
  return <Fact extends Proven<object>>(
    announcement: Announcement<Fact>,
    proof: AnnouncementProof | undefined,
    heard: (fact: Fact) => void,
  ) => {
    bus.subscribe(announcement, (fact) => {
      if (!proof || proof.isGenuine(fact)) return heard(fact);
      if (performance.now() - warnedAtMs < WARN_EVERY_MS) return;
      warnedAtMs = performance.now();
      log.warn({ subject: announcement.subject }, "something was announced without proof");
    });
  };
}
