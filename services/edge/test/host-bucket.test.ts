import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bucketOfHost } from "../src/host-bucket.ts";

describe("bucketOfHost", () => {
  const domains = ["s3.example.com", "eu.s3.example.com"];

  it("takes the bucket from before a configured domain, dots, case and port included", () => {
    for (const [host, bucket] of [
      ["photos.s3.example.com", "photos"],
      ["photos.s3.example.com:8080", "photos"],
      ["Photos.S3.Example.Com", "photos"],
      ["my.photos.s3.example.com", "my.photos"],
    ]) {
      assert.equal(bucketOfHost(host, domains), bucket);
    }
  });

  it("prefers the longest domain, in whatever order they come", () => {
    for (const order of [domains, domains.toReversed()]) {
      assert.equal(bucketOfHost("photos.eu.s3.example.com", order), "photos");
      assert.equal(bucketOfHost("eu.s3.example.com", order), undefined);
    }
  });

  it("finds none in a domain itself, in other hosts, and where no domain is configured", () => {
    for (const host of [
      "s3.example.com",
      "127.0.0.1:8080",
      "evils3.example.com",
      ".s3.example.com",
      "",
      undefined,
    ]) {
      assert.equal(bucketOfHost(host, domains), undefined, host);
    }
    assert.equal(bucketOfHost("photos.s3.example.com", []), undefined);
  });
});
