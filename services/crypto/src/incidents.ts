/** What crypto tells the audit trail by itself: found tampering, a state store out of reach, bytes that no key has confirmed. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { type IncidentSeen, incidentSeen } from "@s3eg/shared/contracts/audit.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";

/** Where something was seen, and during what. */
export type Sighting = Omit<IncidentSeen, "timestamp" | "incident">;

/** Reports incidents. Never throws, never waits: what was seen fails or goes on as it would. */
export interface Incidents {
  report(incident: IncidentSeen["incident"], sighting: Sighting): void;
}

/** Incidents announced on the bus, and what is not sealed counted besides. */
export function incidentsOf(bus: Bus, log: Log, metrics: Metrics): Incidents {
  const plainReads = metrics.counter({
    name: "gateway_plain_objects_read_total",
    help: "Objects read that are not sealed, where policy lets them be (contents mixed).",
  });
  return {
    report(incident, sighting) {
      if (incident === "plain_object.read") plainReads.add({});
      const { bucket, key, requestId, operation, fault } = sighting;
      const fields = { incident, op: operation, bucket, key, requestId, fault };
      if (incident === "mpu.tamper_detected") log.error(fields, "stored bytes were tampered with");
      const fact = { timestamp: new Date().toISOString(), incident, ...sighting };
      bus.publish(incidentSeen, fact).catch((err: unknown) => {
        log.warn({ err, requestId }, "incident was not announced");
      });
    },
  };
}
