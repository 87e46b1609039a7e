import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { objectUrl } from "../src/object-url.ts";

describe("the URL of an object", () => {
  it("is under the address that the client used", () => {
    const path = { headers: { host: "s3.example:8080" }, bucket: "b" };
    assert.equal(objectUrl(path, "a b/c"), "http://s3.example:8080/b/a%20b/c");
    const host = { headers: { host: "b.s3.example" }, bucket: "b", hostBucket: "b" };
    assert.equal(objectUrl(host, "k"), "http://b.s3.example/k");
  });

  it("is https where a proxy in front says so", () => {
    const headers = { host: "h", "x-forwarded-proto": "https" };
    assert.equal(objectUrl({ headers, bucket: "b" }, "k"), "https://h/b/k");
  });
});
