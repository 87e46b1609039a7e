import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isFault } from "../../src/faults.ts";
import { MAX_QUESTION_AGE_MS } from "../../src/trust/question-proof.ts";
import { SeenNonces } from "../../src/trust/seen-nonces.ts";

describe("SeenNonces", () => {
  it("knows a nonce as long as its question could be asked again", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e9 }),
        fc.integer({ min: -MAX_QUESTION_AGE_MS, max: MAX_QUESTION_AGE_MS }),
        fc.integer({ min: 0, max: 2 * MAX_QUESTION_AGE_MS }),
        (timestampMs, sooner, later) => {
          const seen = new SeenNonces(10);
          const firstMs = timestampMs + sooner;
          const againMs = Math.min(firstMs + later, timestampMs + MAX_QUESTION_AGE_MS);
          assert.equal(seen.add("n", timestampMs, firstMs), true);
          assert.equal(seen.add("other", againMs, againMs), true);
          assert.equal(seen.add("n", timestampMs, againMs), false);
        },
      ),
    );
  });

  it("refuses rather than forget when it is full, and has room again a minute later", () => {
    const seen = new SeenNonces(2);
    assert.equal(seen.add("a", 0, 0), true);
    assert.equal(seen.add("b", 0, 0), true);
    assert.throws(
      () => seen.add("c", 0, 0),
      (error) => isFault(error, "keys.unavailable"),
    );
    assert.equal(seen.add("a", 0, 0), false);
    const laterMs = MAX_QUESTION_AGE_MS + 10_000;
    assert.equal(seen.add("c", laterMs, laterMs), true);
  });

  it("takes nothing from a time it has forgotten, even when the clock is set back", () => {
    const seen = new SeenNonces(10);
    assert.equal(seen.add("a", 100_000, 100_000), true);
    assert.equal(seen.add("b", 400_000, 400_000), true);
    assert.equal(seen.add("a", 100_000, 100_000), false);
  });
});
