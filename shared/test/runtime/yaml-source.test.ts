import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { readYaml } from "../../src/runtime/yaml-source.ts";

const Leaf = z.strictObject({ name: z.string(), on: z.boolean().optional() });
const Schema = z.strictObject({
  name: z.string().optional(),
  flag: z.boolean().optional(),
  count: z.number().optional(),
  items: z.array(Leaf).optional(),
  one: Leaf.optional(),
  two: Leaf.optional(),
  byName: z.record(z.string(), z.string()).optional(),
});
const whatIsWrong = (text: string) => readYaml(text, Schema).problems;

describe("readYaml", () => {
  it("reads scalars as the schema means them, through lists, maps, aliases and merges", () => {
    const { value, problems } = readYaml(
      [
        "name: 0123",
        "flag: on",
        "count: 12",
        "items: [{name: 1e3, on: no}, {name: 'yes'}]",
        "one: &one {name: 007, on: yes}",
        "two: {<<: *one, on: off}",
        "byName: {a: 1.50}",
      ].join("\n"),
      Schema,
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(value, {
      name: "0123",
      flag: true,
      count: 12,
      items: [{ name: "1e3", on: false }, { name: "yes" }],
      one: { name: "007", on: true },
      two: { name: "007", on: false },
      byName: { a: "1.50" },
    });
  });

  it("takes null and empty values out", () => {
    assert.deepEqual(readYaml("name: ''\nflag: ~\none:\n", Schema).value, {});
    assert.deepEqual(readYaml("", Schema).value, {});
    assert.deepEqual(readYaml("# nothing\n", Schema).value, {});
  });

  it("refuses a key given twice, and says on which line", () => {
    assert.deepEqual(whatIsWrong("name: a\nname: b\n"), [
      { line: 2, what: "the same key is given twice" },
    ]);
  });

  for (const [name, text] of [
    ["an unknown alias", "name: *nowhere"],
    ["a tag", "name: !hush x"],
    ["two documents", "name: a\n---\nname: b"],
    ["a list at the top", "- a"],
    ["text at the top", "hush"],
    ["an open quote", 'name: "hush'],
    ["tabs", "one:\n\tname: hush"],
  ] as const) {
    it(`refuses ${name} without quoting it`, () => {
      const problems = whatIsWrong(text);
      assert.ok(problems.length > 0);
      assert.doesNotMatch(JSON.stringify(problems), /nowhere|hush/);
    });
  }

  it("refuses an alias bomb", () => {
    const levels = ["a0: &a0 [x, x, x, x, x, x, x, x]"];
    for (let level = 1; level < 6; level++) {
      const previous = `*a${level - 1}`;
      levels.push(`a${level}: &a${level} [${Array(8).fill(previous).join(", ")}]`);
    }
    assert.equal(whatIsWrong(levels.join("\n")).length, 1);
  });

  it("knows the line of a setting, and of what is around a missing one", () => {
    const source = readYaml("one:\n  name: a\nitems:\n  - name: b\n  - name: c\n", Schema);
    assert.equal(source.lineOf(["one", "name"]), 2);
    assert.equal(source.lineOf(["items", 1, "name"]), 5);
    assert.equal(source.lineOf(["one", "missing"]), 1);
    assert.equal(source.lineOf(["nothing"]), undefined);
  });
});
