import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { type EventsRecorded, eventsRecorded } from "@s3eg/shared/contracts/status.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { AnnouncementProof } from "@s3eg/shared/trust/announcement-proof.ts";
import { recordLine } from "../src/record.ts";
import { RecordedEvents } from "../src/recorded-events.ts";

const proof = new AnnouncementProof(new Secret<Uint8Array>(Buffer.alloc(32, 3)), "audit-events");

function lineOf(n: number, success = true): string {
  return recordLine({
    timestamp: "2026-01-02T03:04:05.000Z",
    requestId: `R${n}`,
    operation: "PutObject",
    bucket: "b",
    key: "k",
    accessKey: "AK",
    clientIp: "10.0.0.1",
    status: success ? 200 : 403,
    success,
    ...(success ? {} : { error: "AccessDenied" }),
    bytesIn: 5,
    bytesOut: 0,
    durationMs: 1.5,
  });
}

function telling() {
  const lines: string[] = [];
  const log = createLog({
    ...{ service: "test", level: "info" as const },
    destination: { write: (line: string) => void lines.push(line) },
  });
  const bus = new MemoryBus({ log });
  const facts: EventsRecorded[] = [];
  bus.subscribe(eventsRecorded, (fact) => facts.push(fact));
  return { bus, facts, lines, events: new RecordedEvents({ bus, proof, log }) };
}

describe("recorded events", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setInterval"] }));
  afterEach(() => mock.timers.reset());

  it("are told once a second, proven, when they are written and not before", async () => {
    const { events, facts } = telling();
    using _ = events;
    const writing = Promise.withResolvers<void>();
    const write = events.watching({ write: () => writing.promise });
    const written = write([lineOf(1)]);
    mock.timers.tick(1000);
    assert.equal(facts.length, 0);
    writing.resolve();
    await written;
    mock.timers.tick(1000);
    const [fact] = facts;
    assert.ok(fact && proof.isGenuine(fact));
    assert.deepEqual(fact.events, [
      {
        timestamp: "2026-01-02T03:04:05.000Z",
        ...{ eventId: "R1", eventType: "encrypt", operation: "PutObject", bucket: "b", key: "k" },
        ...{ clientIp: "10.0.0.1", requestId: "R1", accessKey: "AK", status: 200, success: true },
        ...{ bytesIn: 5, bytesOut: 0, durationMs: 1.5 },
      },
    ]);
    mock.timers.tick(5000);
    assert.equal(facts.length, 1);
  });

  it("are never told where they could not be written", async () => {
    const { events, facts } = telling();
    using _ = events;
    const write = events.watching({ write: () => Promise.reject(new Error("disk")) });
    await assert.rejects(write([lineOf(1)]), /disk/);
    await events.tell();
    assert.equal(facts.length, 0);
  });

  it("are a hundred at most: failures first, then the newest, the rest counted", async () => {
    const { events, facts } = telling();
    using _ = events;
    const write = events.watching({ write: async () => {} });
    await write([lineOf(1, false), lineOf(2, false)]);
    for (let n = 0; n < 5; n += 1) {
      await write(Array.from({ length: 100 }, (_line, at) => lineOf(100 + n * 100 + at)));
    }
    await events.tell();
    const [fact] = facts;
    assert.equal(fact?.events.length, 100);
    assert.equal(fact?.omitted, 402);
    const ids = fact?.events.map(({ requestId }) => requestId) ?? [];
    assert.deepEqual([...ids.slice(0, 3), ids.at(-1)], ["R1", "R2", "R502", "R599"]);
  });

  it("stay out of the way where admin can't be told, which is logged once", async () => {
    const { bus, events, lines } = telling();
    using _ = events;
    const write = events.watching({ write: async () => {} });
    await bus.drain();
    for (let n = 0; n < 3; n += 1) {
      await write([lineOf(n)]);
      await events.tell();
    }
    assert.equal(lines.length, 1);
  });
});
