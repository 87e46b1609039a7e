import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  collectWhenIdle,
  endedShortLived,
  passedShortLived,
  startedUp,
} from "../../src/http/short-lived.ts";

const MIB = 1024 * 1024;

describe("passedShortLived", () => {
  it("keeps dead buffers from piling up outside the heap", () => {
    const before = process.memoryUsage().arrayBuffers;
    let peak = 0;
    for (let passed = 0; passed < 512; passed += 1) {
      Buffer.alloc(MIB);
      passedShortLived(MIB);
      peak = Math.max(peak, process.memoryUsage().arrayBuffers);
    }
    assert.ok(peak - before < 48 * MIB, `${Math.round((peak - before) / MIB)} MiB piled up`);
  });
});

describe("startedUp", () => {
  it("gives the heap back that nobody uses any more", () => {
    let parsed: object[] | undefined = Array.from({ length: 500_000 }, (_, n) => ({ n }));
    assert.equal(parsed.length, 500_000);
    const before = process.memoryUsage().heapTotal;
    parsed = undefined;
    startedUp();
    assert.ok(process.memoryUsage().heapTotal < before - 16 * MIB);
  });
});

describe("collectWhenIdle", () => {
  /** Alive at first, and not seen by any collection that is of the young alone. */
  const oldObject = () => {
    const held: { object?: object } = { object: {} };
    startedUp();
    return { held, ref: new WeakRef(held.object ?? {}) };
  };

  it("collects what nobody refers to, once after something ended", async () => {
    using _collecting = collectWhenIdle(20);
    const { held, ref } = oldObject();
    await sleep(100);
    delete held.object;
    await sleep(100);
    assert.ok(ref.deref(), "nothing ended, so nothing is collected");
    await sleep(0);
    endedShortLived();
    for (let looks = 0; looks < 100 && ref.deref(); looks += 1) await sleep(20);
    assert.equal(ref.deref(), undefined);
  });

  it("waits while something ends all the time", async () => {
    using _collecting = collectWhenIdle(50);
    const { held, ref } = oldObject();
    delete held.object;
    for (let ended = 0; ended < 40; ended += 1) {
      endedShortLived();
      await sleep(5);
    }
    assert.ok(ref.deref());
  });
});
