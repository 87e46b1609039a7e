import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  coversBucket,
  coversKey,
  coversPrefix,
  parseScope,
  touchesBucket,
} from "../../src/auth/scope.ts";

const scope = (entry: string) => parseScope(entry) ?? assert.fail(entry);

describe("parseScope", () => {
  for (const entry of ["", "a*b", "*a", "a/*b", "a/b*c", "/key", "a/", "**"]) {
    it(`refuses ${JSON.stringify(entry)}`, () => {
      assert.equal(parseScope(entry), undefined);
    });
  }
});

describe("a scope", () => {
  for (const [entry, key, isWithin] of [
    ["photos", "photos/cat", true],
    ["photos", "photos2/cat", false],
    ["photo*", "photos2/cat", true],
    ["*", "anything/cat", true],
    ["photos/*", "photos/cat", true],
    ["photos/cat", "photos/cat", true],
    ["photos/cat", "photos/cat2", false],
    ["photos/a/*", "photos/a/cat", true],
    ["photos/a/*", "photos/ab", false],
    ["photos/a*", "photos/ab", true],
    ["photo*/a*", "photos/ab", true],
    ["photo*/a*", "photos/b", false],
  ] as const) {
    it(`${entry} ${isWithin ? "covers" : "does not cover"} ${key}`, () => {
      const [bucket = "", name = ""] = key.split(/\/(.*)/);
      assert.equal(coversKey(scope(entry), bucket, name), isWithin);
    });
  }

  it("covers a bucket only as a whole, and a listing only of what is within", () => {
    assert.equal(coversBucket(scope("photos"), "photos"), true);
    assert.equal(coversBucket(scope("photos/a*"), "photos"), false);
    assert.equal(touchesBucket(scope("photos/a*"), "photos"), true);
    assert.equal(touchesBucket(scope("photos/a*"), "other"), false);
    for (const [entry, prefix, isWithin] of [
      ["photos", "", true],
      ["photos/a/*", "a/", true],
      ["photos/a/*", "a/b", true],
      ["photos/a/*", "a", false],
      ["photos/a/*", "", false],
      ["photos/cat", "cat", false],
      ["other", "", false],
    ] as const) {
      assert.equal(coversPrefix(scope(entry), "photos", prefix), isWithin, `${entry} ${prefix}`);
    }
  });
});
