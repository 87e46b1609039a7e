import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { plainFacts } from "../src/plain-facts.ts";

describe("the facts of an object that is not sealed", () => {
  it("are its size and the backend's own ETag", () => {
    const facts = { size: 5, isSealed: false, etag: "abc" };
    assert.deepEqual(plainFacts({ etag: '"abc"', size: 5 }), facts);
  });
});
