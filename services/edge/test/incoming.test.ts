import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { describe, it } from "node:test";
import { isBucketName, readIncoming } from "../src/incoming.ts";
import { runningEdge } from "./running-edge.ts";

const read = (url: string, rawHeaders: string[] = []) =>
  readIncoming({ method: "GET", url, rawHeaders } as IncomingMessage);

describe("readIncoming", () => {
  for (const [path, bucket, key] of [
    ["/", "", ""],
    ["/photos", "photos", ""],
    ["/photos/", "photos", ""],
    ["/photos/cat", "photos", "cat"],
    ["/photos//cat", "photos", "/cat"],
    ["/photos/a//b", "photos", "a//b"],
    ["/photos/../x", "photos", "../x"],
    ["/photos/./x/", "photos", "./x/"],
    ["/photos/a%2Fb", "photos", "a/b"],
    ["/photos/a%252Fb", "photos", "a%2Fb"],
    ["/photos/a+b", "photos", "a+b"],
    ["/photos/%01%0a%7f", "photos", "\u0001\n\u007f"],
    ["/photos/%F0%9F%98%80", "photos", "😀"],
    ["/photos/\xc3\xa9", "photos", "é"],
    ["/pho%74os/cat", "photos", "cat"],
  ] as const) {
    it(`reads ${path}`, () => {
      const incoming = read(path);
      assert.deepEqual([incoming.bucket, incoming.key], [bucket, key]);
    });
  }

  it("keeps target and header lines as they were, for the signature", () => {
    const { signable, headers, query } = read("/b/a%2fb?acl&x=%20+", ["X-A", "1", "x-a", "2"]);
    assert.deepEqual([signable.rawPath, signable.rawQuery], ["/b/a%2fb", "acl&x=%20+"]);
    assert.deepEqual(signable.headers, [
      ["x-a", "1"],
      ["x-a", "2"],
    ]);
    assert.deepEqual({ ...headers }, { "x-a": "1,2" });
    assert.deepEqual(query.pairs, [
      ["acl", ""],
      ["x", "  "],
    ]);
  });

  it("takes names that objects have by birth for what they are", () => {
    const { headers } = read("/", ["__proto__", "a", "constructor", "b"]);
    assert.deepEqual(Object.keys(headers), ["__proto__", "constructor"]);
    assert.equal(read("/").headers.constructor, undefined);
  });

  for (const name of ["authorization", "content-length", "host", "x-amz-date"]) {
    it(`refuses a second ${name}, even an equal one`, () => {
      assert.throws(() => read("/", [name, "1", name.toUpperCase(), "1"]), {
        code: "InvalidRequest",
      });
    });
  }

  it("refuses a key of more than 1024 bytes, counted in UTF-8", () => {
    assert.equal(read(`/b/${"a".repeat(1024)}`).key.length, 1024);
    const encoded = "%C3%A9".repeat(513);
    assert.throws(() => read(`/b/${encoded}`), { code: "KeyTooLongError" });
  });

  for (const path of [
    "//key",
    "/a%2Fb/key",
    "/../key",
    "/./key",
    "/%00/key",
    "/a%20b",
    "/%C3%A9/k",
  ]) {
    it(`refuses the bucket of ${path}`, () => {
      assert.throws(() => read(path), { code: "InvalidBucketName" });
    });
  }
});

describe("isBucketName", () => {
  it("leaves to the backend what a bucket may be called", () => {
    for (const name of ["a", "A_b", "1.2.3.4", "tenant:bucket", "x".repeat(255)]) {
      assert.equal(isBucketName(name), true, name);
    }
    for (const name of ["", ".", "..", "a/b", "a\nb", "é", "x".repeat(256)]) {
      assert.equal(isBucketName(name), false, name);
    }
  });
});

describe("keys", () => {
  for (const path of [
    "a//b",
    "..",
    "./x",
    "a/",
    "a%2Fb",
    "%01%0D%0A",
    "%F0%9F%98%80",
    "a+b",
    "%25",
  ]) {
    it(`cross the gateway unchanged: ${path}`, async () => {
      await using edge = await runningEdge();
      const put = await edge.send({ method: "PUT", path: `/photos/${path}`, body: "meow" });
      assert.equal(put.status, 200);
      const key = decodeURIComponent(path);
      assert.equal(edge.backend.last("PUT").request.key, key);
      assert.equal((await edge.send({ method: "GET", path: `/photos/${path}` })).text, "meow");
    });
  }
});
