import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { type IncidentSeen, incidentSeen } from "@s3eg/shared/contracts/audit.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { incidentsOf } from "../src/incidents.ts";
import { KeptLog } from "./stand-in-keys.ts";

const SIGHTING = { requestId: "r", operation: "open-object", bucket: "b", key: "k" };
const PLAIN_READS = /^gateway_plain_objects_read_total (\d+)$/m;

function opened() {
  const log = new KeptLog();
  const bus = new MemoryBus({ log });
  const heard: IncidentSeen[] = [];
  bus.subscribe(incidentSeen, (fact) => heard.push(fact));
  const metrics = createMetrics();
  return { log, bus, heard, metrics, incidents: incidentsOf(bus, log, metrics) };
}

describe("incidents", () => {
  it("are announced as what they are, with where they were seen", async () => {
    const { incidents, heard, bus } = opened();
    incidents.report("mpu.valkey_unavailable", { ...SIGHTING, fault: "state.unavailable" });
    await bus.drain();
    assert.equal(heard.length, 1);
    const { timestamp, ...fact } = heard[0] ?? { timestamp: "" };
    assert.ok(Date.parse(timestamp) > 0);
    const wanted = { ...SIGHTING, incident: "mpu.valkey_unavailable", fault: "state.unavailable" };
    assert.deepEqual(fact, wanted);
  });

  it("count what is not sealed, and log what was tampered with", async () => {
    const { incidents, metrics, log } = opened();
    incidents.report("plain_object.read", SIGHTING);
    incidents.report("mpu.tamper_detected", { ...SIGHTING, fault: "crypto.integrity" });
    assert.equal(PLAIN_READS.exec(await metrics.text())?.[1], "1");
    assert.deepEqual(log.lines, ["stored bytes were tampered with"]);
  });

  it("never fail whoever reports them: a broken bus is a line in the log", async () => {
    const { incidents, bus, log } = opened();
    await bus.drain();
    incidents.report("plain_object.read", SIGHTING);
    await new Promise(setImmediate);
    assert.deepEqual(log.lines, ["incident was not announced"]);
  });
});
