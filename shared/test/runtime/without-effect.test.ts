import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { settingsOf } from "../../src/runtime/settings.ts";
import { isWithoutEffect, settingsWithoutEffect } from "../../src/runtime/without-effect.ts";

const NONE = "no effect: a test";
const schema = z.strictObject({
  kept: z.boolean().default(false).meta({ env: "KEPT" }).describe("does something"),
  cache: z
    .strictObject({
      enabled: z.boolean().default(false).meta({ env: "CACHE" }).describe(NONE),
      items: z.number().default(10).describe(NONE),
      names: z.array(z.string()).default(["a", "b"]).meta({ env: "NAMES" }).describe(NONE),
      map: z.record(z.string(), z.number()).default({}).describe(NONE),
      source: z.string().optional().meta({ env: "SOURCE" }).describe(NONE),
    })
    .prefault({}),
});
const named = (yamlText: string, env: Record<string, string> = {}) =>
  settingsWithoutEffect(schema, { yamlText, env });

describe("settings without effect", () => {
  it("are known by their description", () => {
    const names = settingsOf(schema)
      .filter(isWithoutEffect)
      .map(({ path }) => path.join("."));
    assert.equal(names.length, 5);
    assert.ok(!names.includes("kept"));
  });

  it("are not named where nothing is set, or only what holds anyway", () => {
    assert.deepEqual(named(""), []);
    assert.deepEqual(named("kept: true\ncache: { enabled: false, items: 10, names: [a, b] }"), []);
    assert.deepEqual(named("cache: { map: {}, source: '' }"), []);
    assert.deepEqual(named("", { KEPT: "true", CACHE: "false", NAMES: "a,b", SOURCE: "" }), []);
  });

  it("are named as they were set, without their values", () => {
    const yaml = "cache: { enabled: true, items: 11, names: [b], map: { x: 1 }, source: s3cret }";
    const all = ["enabled", "items", "names", "map", "source"].map((name) => `cache.${name}`);
    assert.deepEqual(named(yaml), all);
    assert.deepEqual(named("", { CACHE: "true", SOURCE: "s3cret" }), [
      "CACHE (cache.enabled)",
      "SOURCE (cache.source)",
    ]);
  });

  it("are named by the variable where that is what counts", () => {
    assert.deepEqual(named("cache: { enabled: true }", { CACHE: "false" }), []);
    assert.deepEqual(named("cache: { enabled: true }", { CACHE: "true" }), [
      "CACHE (cache.enabled)",
    ]);
  });

  it("of a text that is not YAML are none", () => {
    assert.deepEqual(named("cache: [\n\t"), []);
  });
});
