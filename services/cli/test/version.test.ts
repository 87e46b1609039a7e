import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VERSION } from "../src/version.ts";

describe("the version", () => {
  it("is a semantic one", () => {
    assert.match(VERSION, /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/);
  });
});
