import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LoopRounds } from "../../src/runtime/loop-rounds.ts";

const nextRound = () => new Promise((resolve) => setImmediate(resolve));

describe("rounds of the loop", () => {
  it("let few begin at once", () => {
    const rounds = new LoopRounds();
    for (let n = 0; n < 32; n++) assert.equal(rounds.enter(), undefined);
    assert.ok(rounds.enter());
  });

  it("let many begin some at a time, in the order in which they came", async () => {
    const rounds = new LoopRounds();
    const begun: number[] = [];
    const all = Array.from({ length: 100 }, async (_, n) => {
      await rounds.enter();
      begun.push(n);
    });
    const counts: number[] = [];
    for (let round = 0; round < 4; round++) {
      await Promise.resolve();
      counts.push(begun.length);
      await nextRound();
    }
    await Promise.all(all);
    assert.deepEqual(counts, [32, 64, 96, 100]);
    assert.deepEqual(begun, [...begun.keys()]);
  });

  it("begin anew when a round is over", async () => {
    const rounds = new LoopRounds();
    for (let n = 0; n < 32; n++) assert.equal(rounds.enter(), undefined);
    await nextRound();
    await nextRound();
    assert.equal(rounds.enter(), undefined);
  });
});
