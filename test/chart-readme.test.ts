import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { chartReadme, chartValues } from "./make-chart-readme.ts";

const read = (path: string) =>
  readFileSync(new URL(`../helm/s3-encryption-gateway/${path}`, import.meta.url), "utf8");

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly $ref?: string;
}

describe("the README of the chart", () => {
  it("has a row for every value, as values.yaml has it (npm run docs)", () => {
    assert.ok(read("README.md") === chartReadme(), "README.md is not up to date");
    assert.ok(chartValues().length > 100);
  });

  it("says of every value what it is", () => {
    assert.deepEqual(
      chartValues().filter(({ meaning }) => meaning === ""),
      [],
    );
  });

  it("knows every value that the schema allows", () => {
    const schema = JSON.parse(read("values.base.schema.json")) as Schema;
    const names = chartValues().map(({ name }) => name);
    const allowed = Object.entries(schema.properties ?? {}).flatMap(([name, { properties }]) =>
      properties === undefined
        ? [name]
        : Object.keys(properties).map((inner) => `${name}.${inner}`),
    );
    const isKnown = (name: string) => names.some((known) => `${known}.`.startsWith(`${name}.`));
    const isElsewhere = (name: string) => name.startsWith("config.") || name === "global";
    assert.deepEqual(
      allowed.filter((name) => !isKnown(name) && !isElsewhere(name)),
      [],
    );
  });
});
