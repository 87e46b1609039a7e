import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseCopySource } from "../../src/copy/copy-source.ts";
import { runningEdge, STANDARD } from "../running-edge.ts";

describe("parseCopySource", () => {
  for (const [value, bucket, key, versionId] of [
    ["/b/k", "b", "k", undefined],
    ["b/k", "b", "k", undefined],
    ["b/a//b/", "b", "a//b/", undefined],
    ["b%2Fa%2Fb", "b", "a/b", undefined],
    ["b/%C3%A9%20%25", "b", "é %", undefined],
    ["b/\xc3\xa9", "b", "é", undefined],
    ["b/../k", "b", "../k", undefined],
    ["b/one+two%2Bthree", "b", "one two+three", undefined],
    ["b/one+two%20three", "b", "one+two three", undefined],
    ["b/one+two three", "b", "one+two three", undefined],
    ["b/k?versionId=a%2Bb", "b", "k", "a+b"],
    ["b/k%3FversionId=1", "b", "k?versionId=1", undefined],
  ] as const) {
    it(`reads ${value}`, () => {
      const source = parseCopySource(value);
      assert.deepEqual([source.bucket, source.key, source.versionId], [bucket, key, versionId]);
    });
  }

  for (const value of [
    "",
    "/",
    "b",
    "b/",
    "//k",
    "/%2Fk",
    "../k",
    "b/%zz",
    "b/%ff",
    "b/k?versionId=",
    "b/k?versionId=1?versionId=2",
    `b/${"k".repeat(1025)}`,
  ]) {
    it(`refuses ${value.slice(0, 40)}`, () => {
      assert.throws(() => parseCopySource(value), { code: "InvalidArgument" });
    });
  }
});

describe("copySourceOf", () => {
  it("binds the source to the name that its bucket's policy gives", async () => {
    const rule = { ...STANDARD, id: "r", buckets: ["replica"], bindAs: "photos" };
    await using edge = await runningEdge({ rules: [rule] });
    await edge.send({ method: "PUT", path: "/photos/cat", body: "meow" });
    const stored = edge.backend.objects.get("photos/cat");
    edge.backend.objects.set("replica/cat", stored ?? assert.fail());
    const headers = { "x-amz-copy-source": "replica/cat" };
    const copied = await edge.send({ method: "PUT", path: "/photos/dog", body: "", headers });
    assert.equal(copied.status, 200);
  });
});
