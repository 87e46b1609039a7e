import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addedDurations, quantile } from "../../src/watch/durations.ts";
import { edgeWork } from "./announced.ts";

describe("quantile", () => {
  const durations = [{ le: 0.1, count: 50 }, { le: 1, count: 90 }, { count: 100 }];

  for (const [share, seconds] of [
    [0.25, 0.05],
    [0.5, 0.1],
    [0.7, 0.55],
    [0.9, 1],
    [0.99, 1],
  ] as const) {
    it(`says within which time ${share} ended: ${seconds}`, () => {
      assert.ok(Math.abs((quantile(durations, share) ?? 0) - seconds) < 1e-9);
    });
  }

  it("says nothing where nothing ended", () => {
    assert.equal(quantile([], 0.5), null);
    assert.equal(quantile([{ le: 1, count: 0 }, { count: 0 }], 0.5), null);
  });
});

describe("addedDurations", () => {
  it("adds what came to each bucket in every process", () => {
    const added = addedDurations([
      { before: edgeWork(3), after: edgeWork(5) },
      { before: undefined, after: edgeWork(4) },
    ]);
    assert.deepEqual(added, [{ le: 0.1, count: 6 }, { le: 1, count: 6 }, { count: 6 }]);
  });

  it("leaves out who counts by other buckets than the first", () => {
    const other = { ...edgeWork(9), durations: [{ le: 0.2, count: 9 }, { count: 9 }] };
    const added = addedDurations([
      { before: undefined, after: edgeWork(4) },
      { before: undefined, after: other },
    ]);
    assert.equal(added.at(-1)?.count, 4);
  });
});
