import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compareKeys, SortedKeys } from "../../src/store/key-order.ts";

const LETTERS = [
  "",
  "\u0000",
  "/",
  "a",
  "é",
  "\ud7ff",
  "\ue000",
  "\uffff",
  "\u{10000}",
  "\u{10ffff}",
];
const KEYS = LETTERS.flatMap((first) => LETTERS.map((second) => first + second));

describe("compareKeys", () => {
  it("orders as the UTF-8 bytes do", () => {
    for (const a of KEYS) {
      for (const b of KEYS) {
        const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
        assert.equal(Math.sign(compareKeys(a, b)), expected, JSON.stringify([a, b]));
      }
    }
  });
});

describe("SortedKeys", () => {
  it("keeps a set in order, whatever the order of adding", () => {
    const keys = new SortedKeys(KEYS.slice(0, 7));
    for (const key of KEYS.toReversed()) keys.add(key);
    const removed = KEYS.filter((_, place) => place % 3 === 0);
    for (const key of removed) keys.remove(key);
    const expected = [...new Set(KEYS)].filter((key) => !removed.includes(key)).sort(compareKeys);
    const found = Array.from({ length: keys.size }, (_, place) => keys.at(place));
    assert.deepEqual(found, expected);
  });

  it("finds places before, after, and behind a whole prefix", () => {
    const keys = new SortedKeys(["a", "a/", "a/1", "a/2", "b"]);
    assert.equal(keys.placeOf("a/1"), 2);
    assert.equal(keys.placeOf("a/0"), 2);
    assert.equal(keys.placeAfter("a/1"), 3);
    assert.equal(keys.placeAfterPrefix("a/"), 4);
    assert.equal(keys.placeAfterPrefix("z"), 5);
  });
});
