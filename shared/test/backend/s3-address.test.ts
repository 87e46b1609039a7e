import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BackendRequest } from "../../src/backend/backend.ts";
import { s3Address } from "../../src/backend/s3-address.ts";

function address(endpoint: string, isPathStyle: boolean, request: Partial<BackendRequest>) {
  const { host, rawPath, rawQuery } = s3Address(
    { endpoint: new URL(endpoint), isPathStyle },
    { method: "GET", requestId: "r", ...request },
  );
  return `${host}${rawPath}${rawQuery === "" ? "" : `?${rawQuery}`}`;
}

describe("s3Address", () => {
  const object = { bucket: "bucket", key: "a//b/../c d+e%2F\u00fc" };
  const encoded = "a//b/../c%20d%2Be%252F%C3%BC";

  it("puts the bucket into the path, behind the path of the endpoint", () => {
    assert.equal(address("http://s3.test:9000", true, object), `s3.test:9000/bucket/${encoded}`);
    assert.equal(address("https://s3.test/x/y/", true, object), `s3.test/x/y/bucket/${encoded}`);
    assert.equal(address("https://s3.test:443", true, { bucket: "bucket" }), "s3.test/bucket");
    assert.equal(address("https://s3.test", true, {}), "s3.test/");
    assert.equal(address("https://s3.test/x", true, {}), "s3.test/x/");
  });

  it("puts the bucket in front of the host", () => {
    assert.equal(address("http://s3.test:9000", false, object), `bucket.s3.test:9000/${encoded}`);
    assert.equal(address("https://s3.test/x/", false, object), `bucket.s3.test/x/${encoded}`);
    assert.equal(address("https://s3.test", false, { bucket: "bucket" }), "bucket.s3.test/");
    assert.equal(address("https://s3.test", false, {}), "s3.test/");
  });

  it("keeps buckets in the path that cannot be host names", () => {
    assert.equal(address("https://s3.test", false, { bucket: "a.b" }), "s3.test/a.b");
    assert.equal(address("http://s3.test", false, { bucket: "a.b" }), "a.b.s3.test/");
    assert.equal(address("http://s3.test", false, { bucket: "Big_Bucket" }), "s3.test/Big_Bucket");
    assert.equal(address("http://s3.test", true, { bucket: "a/b" }), "s3.test/a%2Fb");
  });

  it("encodes the query in the order given", () => {
    const query = [
      ["prefix", "a b/ü"],
      ["acl", ""],
    ] as const;
    assert.equal(
      address("http://s3.test", true, { bucket: "b", query }),
      "s3.test/b?prefix=a%20b%2F%C3%BC&acl=",
    );
  });
});
