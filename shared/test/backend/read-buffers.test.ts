import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ReadBuffers } from "../../src/backend/read-buffers.ts";

/** Takes buffers until there are no more; gives up after a hundred. */
function takeAll(buffers: ReadBuffers): Buffer[] {
  return Array.from({ length: 100 }, () => buffers.lend()).filter((lent) => lent !== undefined);
}

describe("ReadBuffers", () => {
  it("lends a bounded number of large buffers at a time", () => {
    const buffers = new ReadBuffers();
    const lent = takeAll(buffers);
    assert.equal(lent.length, 16);
    assert.ok(lent.every((buffer) => buffer.byteLength === 1024 * 1024));
    assert.equal(new Set(lent).size, lent.length);
  });

  it("lends again what came back", () => {
    const buffers = new ReadBuffers();
    const [first] = takeAll(buffers);
    assert.ok(first);
    buffers.giveBack(first);
    assert.deepEqual(takeAll(buffers), [first]);
  });

  it("lends another in place of one that was lost, and never the lost one", () => {
    const buffers = new ReadBuffers();
    const lost = takeAll(buffers);
    for (const _ of lost) buffers.lost();
    const others = takeAll(buffers);
    assert.equal(others.length, lost.length);
    assert.ok(!others.some((buffer) => lost.includes(buffer)));
  });
});
