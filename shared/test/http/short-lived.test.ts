import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { passedShortLived } from "../../src/http/short-lived.ts";

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
