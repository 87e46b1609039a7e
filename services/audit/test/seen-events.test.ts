import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeenEvents } from "../src/seen-events.ts";

describe("SeenEvents", () => {
  it("takes an event once; who tells of it again waits for the first", async () => {
    const seen = new SeenEvents(["old"]);
    const gate = Promise.withResolvers<void>();
    let taken = 0;
    const take = async () => {
      taken++;
      await gate.promise;
    };
    const both = Promise.all([seen.once("a", take), seen.once("a", take), seen.once("old", take)]);
    assert.equal(taken, 1);
    gate.resolve();
    await both;
  });

  it("takes one again whose taking failed", async () => {
    const seen = new SeenEvents();
    await assert.rejects(
      seen.once("a", () => Promise.reject(new Error("full"))),
      /full/,
    );
    let taken = 0;
    await seen.once("a", async () => void taken++);
    assert.equal(taken, 1);
  });

  it("forgets the oldest beyond its bound", async () => {
    const seen = new SeenEvents(["a", "b", "c"], 2);
    const taken: string[] = [];
    for (const id of ["c", "a"]) await seen.once(id, async () => void taken.push(id));
    assert.deepEqual(taken, ["a"]);
  });
});
