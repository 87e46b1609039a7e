import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { atMost } from "../../src/runtime/at-most.ts";

describe("atMost", () => {
  it("gives the results in the order of the items, whoever ends first", async () => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const working = atMost(2, [0, 1], async (item) => {
      await gates[item]?.promise;
      return item * 10;
    });
    gates[1]?.resolve();
    gates[0]?.resolve();
    assert.deepEqual(await working, [0, 10]);
  });

  it("never works on more items than the limit, and on every item once", async () => {
    let busy = 0;
    let most = 0;
    const items = Array.from({ length: 25 }, (_, index) => index);
    const done = await atMost(4, items, async (item) => {
      busy += 1;
      most = Math.max(most, busy);
      await Promise.resolve();
      busy -= 1;
      return item;
    });
    assert.equal(most, 4);
    assert.deepEqual(done, items);
  });

  it("does nothing for no items, and rejects with the first rejection", async () => {
    assert.deepEqual(await atMost(3, [], () => Promise.reject(new Error("never"))), []);
    const failing = atMost(3, [1, 2], () => Promise.reject(new Error("broken")));
    await assert.rejects(failing, { message: "broken" });
  });
});
