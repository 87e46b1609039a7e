import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryWorkQueue } from "../../src/bus/memory-work-queue.ts";
import { workQueueContract } from "./work-queue-contract.ts";

workQueueContract("MemoryWorkQueue", async () => {
  const queue = new MemoryWorkQueue();
  return { one: queue, other: queue, close: async () => await Promise.resolve() };
});

describe("MemoryWorkQueue", () => {
  it("wakes who waits when something is put, and when it is to stop", async () => {
    const queue = new MemoryWorkQueue();
    const stop = new AbortController();
    const waiting = queue.take(stop.signal);
    await queue.put("a", "a-0");
    assert.equal((await waiting)?.id, "a");
    const stopped = queue.take(stop.signal);
    stop.abort();
    assert.equal(await stopped, undefined);
  });
});
