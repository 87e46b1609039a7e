import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TrailTail } from "../../src/watch/trail-tail.ts";

const PROOF = { announcedAtMs: 1, mac: "" };

function event(n: number, differences: object = {}) {
  return {
    timestamp: "2026-01-02T03:04:05.000Z",
    eventId: `e${n}`,
    eventType: "encrypt",
    operation: "PutObject",
    bucket: "a",
    accessKey: "AK",
    success: true,
    ...differences,
  };
}

describe("TrailTail", () => {
  it("gives the newest first, as many as are wanted", () => {
    const trail = new TrailTail();
    assert.equal(trail.isHeard, false);
    trail.heard({ events: [event(1), event(2), event(3)], omitted: 4, ...PROOF });
    assert.equal(trail.isHeard, true);
    assert.equal(trail.omitted, 4);
    assert.deepEqual(
      trail.find({ limit: 2 }).map(({ eventId }) => eventId),
      ["e3", "e2"],
    );
  });

  const events = [
    event(1),
    event(2, { operation: "GetObject", eventType: "decrypt" }),
    event(3, { bucket: "b" }),
    event(4, { success: false, error: "AccessDenied" }),
    event(5, { accessKey: "OTHER", label: "backup" }),
  ];
  for (const [name, filter, ids] of [
    ["an operation", { operation: "GetObject" }, ["e2"]],
    ["a type of event", { operation: "decrypt" }, ["e2"]],
    ["a bucket", { bucket: "b" }, ["e3"]],
    ["failures", { result: "failure" }, ["e4"]],
    ["an access key", { accessKey: "OTHER" }, ["e5"]],
    ["a label", { accessKey: "backup" }, ["e5"]],
    ["both of two wishes", { bucket: "a", result: "success", operation: "GetObject" }, ["e2"]],
  ] as const) {
    it(`finds by ${name}`, () => {
      const trail = new TrailTail();
      trail.heard({ events, omitted: 0, ...PROOF });
      const found = trail.find({ ...filter, limit: 100 });
      assert.deepEqual(
        found.map(({ eventId }) => eventId),
        ids,
      );
    });
  }

  it("keeps two thousand", () => {
    const trail = new TrailTail();
    for (let n = 0; n < 30; n += 1) {
      trail.heard({ events: Array.from({ length: 100 }, () => event(n)), omitted: 0, ...PROOF });
    }
    assert.equal(trail.find({ limit: 5000 }).length, 2000);
  });
});
