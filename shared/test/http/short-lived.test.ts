import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { passedShortLived, startedUp } from "../../src/http/short-lived.ts";

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
