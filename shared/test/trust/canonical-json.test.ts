import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { canonicalJson } from "../../src/trust/canonical-json.ts";

describe("canonicalJson", () => {
  it("sorts members, also nested ones, and leaves undefined ones out", () => {
    const value = { b: [{ z: 1, a: "ä" }], a: null, c: undefined };
    assert.equal(canonicalJson(value), '{"a":null,"b":[{"a":"ä","z":1}]}');
  });

  it("is JSON of the same value, whatever crossed a wire on the way", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const crossed: unknown = JSON.parse(JSON.stringify(value));
        assert.deepEqual(JSON.parse(canonicalJson(value)), crossed);
        assert.equal(canonicalJson(crossed), canonicalJson(value));
      }),
    );
  });
});
