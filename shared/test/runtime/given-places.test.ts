import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { givenPlaces } from "../../src/runtime/given-places.ts";

const schema = z.strictObject({
  a: z.string().default("x").meta({ env: "A" }),
  deep: z
    .strictObject({ b: z.int().optional().meta({ env: "B" }), c: z.boolean().default(false) })
    .prefault({}),
});

describe("givenPlaces", () => {
  it("has the line of what the file gives, and nothing of what nobody does", () => {
    const sources = { yamlText: "a: y\ndeep:\n  c: true\n", yamlName: "my.yaml", env: {} };
    assert.deepEqual(givenPlaces(schema, sources), {
      a: "my.yaml line 1",
      "deep.c": "my.yaml line 3",
    });
    assert.deepEqual(givenPlaces(schema, { env: {} }), {});
  });

  it("has the variable, which wins over the file", () => {
    const sources = { yamlText: "a: y\n", env: { A: "z", B: "" } };
    assert.deepEqual(givenPlaces(schema, sources), { a: "A" });
  });
});
