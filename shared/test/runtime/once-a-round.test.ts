import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextRound } from "node:timers/promises";
import { onceARound } from "../../src/runtime/once-a-round.ts";

describe("what is done once a round", () => {
  it("is done at its end, once for all who asked, and again for the next", async () => {
    let count = 0;
    const ask = onceARound(() => {
      count += 1;
    });
    ask();
    ask();
    assert.equal(count, 0);
    await nextRound();
    assert.equal(count, 1);
    await nextRound();
    assert.equal(count, 1);
    ask();
    await nextRound();
    assert.equal(count, 2);
  });

  it("may ask for itself in the round after", async () => {
    let count = 0;
    const ask = onceARound(() => {
      count += 1;
      if (count < 3) ask();
    });
    ask();
    for (let n = 0; n < 5; n += 1) await nextRound();
    assert.equal(count, 3);
  });
});
