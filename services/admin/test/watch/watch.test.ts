import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { eventsRecorded, processAlive } from "@s3eg/shared/contracts/status.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { AnnouncementProof } from "@s3eg/shared/trust/announcement-proof.ts";
import { openWatch } from "../../src/watch/watch.ts";
import { announced, edgeWork } from "./announced.ts";

function site() {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLog({ service: "test", level: "info", destination });
  return { log, lines, bus: new MemoryBus({ log }) };
}

const secretOf = (byte: number) => new Secret<Uint8Array>(Buffer.alloc(32, byte));
const proofsOf = (byte: number) => ({
  processes: new AnnouncementProof(secretOf(byte), "process"),
  events: new AnnouncementProof(secretOf(byte), "audit-events"),
});

describe("watch", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setInterval", "Date"] }));
  afterEach(() => mock.timers.reset());

  it("hears processes and events, and makes a point of rates every five seconds", async () => {
    const { bus, log } = site();
    using watch = openWatch({ bus, log, proofs: undefined });
    for (let second = 0; second < 11; second += 1) {
      const work = [edgeWork(second * 3)];
      await bus.publish(processAlive, announced({ announcedAtMs: second * 1000, work }));
      mock.timers.tick(1000);
    }
    assert.equal(watch.processes.list()[0]?.condition, "ready");
    assert.equal(watch.rates.points.length, 2);
    assert.equal(watch.rates.points[1]?.roles.get("edge")?.requests, 3);
    const event = { timestamp: "t", eventId: "e", eventType: "x", operation: "x", success: true };
    await bus.publish(eventsRecorded, { events: [event], omitted: 0, announcedAtMs: 1, mac: "" });
    assert.equal(watch.trail.find({ limit: 5 }).length, 1);
  });

  it("believes only what is proven where there is a secret, and does not fill the log", async () => {
    const { bus, log, lines } = site();
    using watch = openWatch({ bus, log, proofs: proofsOf(1) });
    const { mac: _, announcedAtMs: __, ...state } = announced();
    for (let n = 0; n < 5; n += 1) {
      await bus.publish(processAlive, proofsOf(2).processes.prove(state));
      await bus.publish(eventsRecorded, proofsOf(2).events.prove({ events: [], omitted: 0 }));
      await bus.publish(eventsRecorded, proofsOf(1).processes.prove({ events: [], omitted: 0 }));
    }
    assert.deepEqual(watch.processes.list(), []);
    assert.equal(watch.trail.isHeard, false);
    assert.equal(lines.filter((line) => line.includes("without proof")).length, 1);
    await bus.publish(processAlive, proofsOf(1).processes.prove(state));
    await bus.publish(eventsRecorded, proofsOf(1).events.prove({ events: [], omitted: 0 }));
    assert.equal(watch.processes.list().length, 1);
    assert.equal(watch.trail.isHeard, true);
  });
});
