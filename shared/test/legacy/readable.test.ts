import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refuseUnsealed } from "../../src/legacy/readable.ts";

const LEGACY = { "x-amz-meta-encrypted": "true" };

describe("an object without a header of format 2", () => {
  it("is refused with the value of contents that would let it be read", () => {
    for (const [headers, contents, wanted] of [
      [{}, "sealed", /not sealed.*contents: mixed/],
      [{}, "sealed+legacy", /not sealed.*contents: mixed/],
      [LEGACY, "sealed", /format of before.*contents: sealed\+legacy/],
    ] as const) {
      assert.throws(() => refuseUnsealed(headers, contents), {
        code: "crypto.not-sealed",
        message: wanted,
      });
    }
  });

  it("is let through where the policy says so", () => {
    for (const [headers, contents] of [
      [{}, "mixed"],
      [{}, "pass-through"],
      [LEGACY, "sealed+legacy"],
      [LEGACY, "mixed"],
      [LEGACY, "pass-through"],
    ] as const) {
      refuseUnsealed(headers, contents);
    }
  });
});
