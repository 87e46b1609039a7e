import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RateSeries } from "../../src/watch/rate-series.ts";
import { announced, edgeWork } from "./announced.ts";

type Fact = ReturnType<typeof announced>;

const seen = (...states: Fact[]) =>
  states.map((state) => ({ state, lastSeenMs: 0, condition: "ready" as const }));

const OTHER = "7d0b7f0e-8c7a-4ef4-90d6-6a6d4c2b1a10";

describe("RateSeries", () => {
  it("divides what was done by the time between two announcements", () => {
    const rates = new RateSeries();
    rates.sample(seen(announced({ announcedAtMs: 0, work: [edgeWork(10)] })), 1);
    const work = [edgeWork(50, { errors: 4, bytesIn: 8000 })];
    rates.sample(seen(announced({ announcedAtMs: 4000, work, inFlight: 3 })), 2);
    const [first, second] = rates.points;
    assert.deepEqual(first?.roles, new Map());
    const edge = second?.roles.get("edge");
    assert.deepEqual([edge?.requests, edge?.errors, edge?.bytesIn], [10, 1, 2000]);
    assert.deepEqual([second?.inFlight, second?.memoryBytes, second?.atMs], [3, 1000, 2]);
    assert.ok(edge?.p95 && edge.p95 < 0.1);
  });

  it("adds processes up, and starts anew with one that was started again", () => {
    const rates = new RateSeries();
    const a = announced({ announcedAtMs: 0, work: [edgeWork(1000)] });
    rates.sample(seen(a, announced({ id: OTHER, announcedAtMs: 0, work: [edgeWork(5)] })), 1);
    const later = announced({ announcedAtMs: 1000, work: [edgeWork(1001)] });
    const other = announced({ id: OTHER, announcedAtMs: 2000, work: [edgeWork(9)] });
    rates.sample(seen(later, other), 2);
    assert.equal(rates.points.at(-1)?.roles.get("edge")?.requests, 3);
    const again = announced({ id: OTHER.replace("7d", "8d"), announcedAtMs: 3000 });
    rates.sample(seen({ ...again, work: [edgeWork(700)] }), 3);
    assert.equal(rates.points.at(-1)?.roles.get("edge"), undefined);
  });

  it("tells apart that nothing was done and that nobody told", () => {
    const rates = new RateSeries();
    const idle = (announcedAtMs: number) => announced({ announcedAtMs, work: [edgeWork(5)] });
    rates.sample(seen(idle(0)), 1);
    rates.sample(seen(idle(2000)), 2);
    rates.sample(seen(idle(2000)), 3);
    const requests = rates.points.map(({ roles }) => roles.get("edge")?.requests);
    assert.deepEqual(requests, [undefined, 0, undefined]);
    assert.equal(rates.points[1]?.roles.get("edge")?.p50, null);
  });

  it("leaves out who is silent, and keeps a quarter of an hour", () => {
    const rates = new RateSeries();
    const state = announced({ inFlight: 9 });
    rates.sample([{ state, lastSeenMs: 0, condition: "silent" }], 0);
    assert.equal(rates.points[0]?.inFlight, 0);
    for (let n = 1; n <= 400; n += 1) rates.sample([], n);
    assert.deepEqual([rates.points.length, rates.points.at(-1)?.atMs], [180, 400]);
  });
});
