import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { settingsOf, valueAt } from "../../src/runtime/settings.ts";

describe("settingsOf", () => {
  it("lists every leaf with its variable, meaning, default and kind, whatever layers it has", () => {
    const settings = settingsOf(
      z.strictObject({
        a: z.string().meta({ env: "A" }).describe("the a").optional(),
        section: z
          .strictObject({
            b: z
              .string()
              .transform(Number)
              .pipe(z.number())
              .prefault("1")
              .meta({ env: "B" })
              .describe("the b"),
            c: z.array(z.boolean()).default([]),
          })
          .refine(() => true)
          .prefault({}),
        d: z.preprocess((value) => value, z.boolean()).readonly(),
        e: z.record(z.string(), z.number()),
      }),
    );
    assert.deepEqual(
      settings.map(({ schema: _, ...rest }) => rest),
      [
        { path: ["a"], env: "A", description: "the a", kind: "string" },
        {
          path: ["section", "b"],
          env: "B",
          description: "the b",
          defaultValue: "1",
          kind: "string",
        },
        { path: ["section", "c"], defaultValue: [], kind: "list" },
        { path: ["d"], kind: "boolean" },
        { path: ["e"], kind: "structure" },
      ],
    );
  });
});

describe("valueAt", () => {
  it("follows a path through what may be anything", () => {
    const root = { a: { b: [{ c: 0 }] }, d: null, e: "text" };
    assert.equal(valueAt(root, ["a", "b", 0, "c"]), 0);
    assert.equal(valueAt(root, []), root);
    for (const path of [["x"], ["d", "x"], ["e", "length"], ["a", "x", "y"]]) {
      assert.equal(valueAt(root, path), undefined, path.join("."));
    }
    assert.equal(valueAt(undefined, ["a"]), undefined);
  });
});
