import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  coversBucket,
  coversKey,
  coversPrefix,
  parseScope,
  type Scope,
  touchesBucket,
} from "../../src/auth/scope.ts";

function scope(entry: string): Scope {
  const parsed = parseScope(entry);
  assert.ok(parsed, entry);
  return parsed;
}

describe("parseScope", () => {
  it("takes buckets, prefixes of buckets, keys and prefixes of keys", () => {
    for (const entry of ["a", "a*", "*", "a/k", "a/k*", "a*/k*", "a/*"]) scope(entry);
  });

  it("refuses a star in the middle, and what names nothing", () => {
    for (const entry of ["", "/", "/k", "a/", "a*b", "a/k*l", "**", "a/**"]) {
      assert.equal(parseScope(entry), undefined, entry);
    }
  });
});

describe("a whole bucket", () => {
  it("is covered by its name, by a prefix of it, and by all of its keys", () => {
    for (const entry of ["photos", "pho*", "*", "photos/*"]) {
      assert.equal(coversBucket(scope(entry), "photos"), true, entry);
      assert.equal(coversKey(scope(entry), "photos", "any"), true, entry);
      assert.equal(coversPrefix(scope(entry), "photos", ""), true, entry);
    }
  });

  it("is not covered by another name, nor by some of its keys", () => {
    for (const entry of ["photo", "photos2", "Photos", "photos2*", "photos/a*", "photos/a"]) {
      assert.equal(coversBucket(scope(entry), "photos"), false, entry);
    }
    assert.equal(touchesBucket(scope("photos/a*"), "photos"), true);
    assert.equal(touchesBucket(scope("other/a*"), "photos"), false);
  });
});

describe("keys within a bucket", () => {
  it("are covered by their prefix, as it is written", () => {
    const logs = scope("b/logs/*");
    assert.equal(coversKey(logs, "b", "logs/1"), true);
    assert.equal(coversKey(logs, "b", "logs/"), true);
    assert.equal(coversKey(logs, "b", "logs"), false);
    assert.equal(coversKey(logs, "b", "Logs/1"), false);
    assert.equal(coversKey(logs, "b2", "logs/1"), false);
  });

  it("are listed by prefixes that stay within", () => {
    const logs = scope("b/logs/*");
    assert.equal(coversPrefix(logs, "b", "logs/2026"), true);
    assert.equal(coversPrefix(logs, "b", "logs"), false);
    assert.equal(coversPrefix(logs, "b", ""), false);
    assert.equal(coversPrefix(scope("b/k"), "b", "k"), false);
  });

  it("are exact without a star", () => {
    assert.equal(coversKey(scope("b/k"), "b", "k"), true);
    assert.equal(coversKey(scope("b/k"), "b", "k2"), false);
  });
});
