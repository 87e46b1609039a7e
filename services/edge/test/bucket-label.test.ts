import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bucketLabel } from "../src/bucket-label.ts";

describe("the label of buckets", () => {
  it("is * for all of them, unless the settings want names", () => {
    assert.equal(bucketLabel(false)("photos", true), "*");
    assert.equal(bucketLabel(true)("photos", true), "photos");
    assert.equal(bucketLabel(true)(undefined, true), "*");
  });

  it("is no name that nobody has seen, and none beyond the first thousand", () => {
    const labelOf = bucketLabel(true);
    assert.equal(labelOf("made-up", false), "*");
    for (let at = 0; at < 1000; at += 1) labelOf(`b${at}`, true);
    assert.equal(labelOf("b999", false), "b999");
    assert.equal(labelOf("one-more", true), "*");
  });
});
