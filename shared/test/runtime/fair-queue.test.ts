import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FairQueue } from "../../src/runtime/fair-queue.ts";

function filled(text: string, maxWeight = 100): FairQueue<string> {
  const queue = new FairQueue<string>(maxWeight);
  for (const item of text.split(" ")) queue.add(item[0] ?? "", item, 1);
  return queue;
}

function taken(queue: FairQueue<string>, most = 100): string {
  const items: string[] = [];
  queue.offerAll((item) => {
    if (items.length === most) return "stop";
    items.push(item);
    return "take";
  });
  return items.join(" ");
}

describe("a fair queue", () => {
  it("takes from each client in turn, in the order of each", () => {
    assert.equal(taken(filled("a1 a2 a3 a4 b1 c1 c2")), "a1 b1 c1 a2 c2 a3 a4");
  });

  it("goes on with the next client where it stopped", () => {
    const queue = filled("a1 a2 a3 b1 b2");
    assert.equal(taken(queue, 1), "a1");
    queue.add("c", "c1", 1);
    assert.equal(taken(queue, 2), "b1 a2");
    assert.equal(taken(queue), "c1 b2 a3");
    assert.equal(queue.size, 0);
  });

  it("offers other clients theirs where one cannot go, and stops where it is told", () => {
    const queue = filled("a1 b1 b2");
    const offered: string[] = [];
    queue.offerAll((item) => {
      offered.push(item);
      return item.startsWith("a") ? "leave" : "take";
    });
    assert.deepEqual(offered, ["a1", "b1", "b2"]);
    assert.equal(queue.size, 1);
    assert.equal(taken(queue, 0), "");
    assert.equal(taken(queue), "a1");
  });

  it("has no place for the last one of the longest client", () => {
    const queue = filled("a1 a2 b1", 3);
    assert.deepEqual(queue.add("b", "b2", 1), ["b2"]);
    assert.deepEqual(queue.add("a", "a3", 1), ["a3"]);
    assert.deepEqual(queue.add("c", "c1", 1), ["a2"]);
    assert.equal(queue.size, 3);
    assert.equal(taken(queue), "a1 b1 c1");
  });

  it("goes by weight, and makes room for a heavy one among many light ones", () => {
    const queue = filled("a1 a2 a3 a4 a5", 6);
    assert.deepEqual(queue.add("b", "b1", 3), ["a5", "a4"]);
    assert.deepEqual(queue.add("b", "b2", 1), ["b2"]);
    assert.deepEqual(queue.add("c", "c1", 7), ["c1"]);
    assert.equal(taken(queue), "a1 b1 a2 a3");
  });

  it("forgets what is taken out", () => {
    const queue = filled("a1 a2 b1");
    assert.equal(queue.remove("a", "a1"), true);
    assert.equal(queue.remove("a", "a1"), false);
    assert.equal(queue.remove("c", "c1"), false);
    assert.equal(taken(queue), "a2 b1");
  });
});
