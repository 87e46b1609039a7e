import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { areSelfSufficient, ROLES, rolesOf } from "../src/roles.ts";

describe("roles", () => {
  it("are all of them where none is named; the demo store only where there is no backend", () => {
    assert.deepEqual([...rolesOf([], false)], [...ROLES]);
    assert.deepEqual(
      [...rolesOf([], true)],
      ROLES.filter((role) => role !== "dev-store"),
    );
  });

  it("are those named, each once", () => {
    assert.deepEqual([...rolesOf(["keys", "edge", "keys"], true)], ["edge", "keys"]);
  });

  it("must have names that are known", () => {
    assert.throws(() => rolesOf(["edge", "edg", "crypt"], true), {
      code: "config.invalid",
      message: /edg, crypt: expected edge, crypto/,
    });
  });

  it("need no broker where edge, crypto and keys are together", () => {
    assert.equal(areSelfSufficient(new Set(["edge", "crypto", "keys"])), true);
    assert.equal(areSelfSufficient(new Set(ROLES)), true);
    for (const missing of ["edge", "crypto", "keys"] as const) {
      assert.equal(areSelfSufficient(new Set(ROLES.filter((role) => role !== missing))), false);
    }
  });
});
