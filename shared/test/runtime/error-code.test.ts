import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { errorCodeOf } from "../../src/runtime/error-code.ts";

describe("errorCodeOf", () => {
  it("is the system's name of an error", () => {
    assert.throws(
      () => readFileSync("/nowhere/at/all"),
      (error) => errorCodeOf(error) === "ENOENT",
    );
  });

  it("is nothing where there is none", () => {
    for (const error of [new Error("x"), { code: "ENOENT" }, undefined]) {
      assert.equal(errorCodeOf(error), undefined);
    }
  });
});
