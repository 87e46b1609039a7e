import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { checkConfig } from "../src/config.ts";

const CREDENTIALS = [{ accessKey: "AK", secretKey: new Secret("SK") }];
const RIGHT = { folder: "/tmp/x", host: "127.0.0.1", port: 0, credentials: CREDENTIALS };

describe("checkConfig", () => {
  it("takes loopback addresses", () => {
    for (const host of ["127.0.0.1", "127.8.9.1", "::1"]) {
      assert.equal(checkConfig({ ...RIGHT, host }).host, host);
    }
  });

  it("refuses every other address", () => {
    for (const host of [
      "0.0.0.0",
      "::",
      "10.0.0.1",
      "localhost",
      "127.0.0.1.example.com",
      "",
      "::ffff:127.0.0.1",
    ]) {
      assert.throws(() => checkConfig({ ...RIGHT, host }), { code: "config.invalid" }, host);
    }
  });

  it("refuses NODE_ENV=production", () => {
    assert.throws(() => checkConfig({ ...RIGHT, nodeEnv: "production" }), {
      code: "config.invalid",
      message: /production/,
    });
    assert.equal(checkConfig({ ...RIGHT, nodeEnv: "development" }).nodeEnv, "development");
  });

  it("refuses to run without credentials, and prints no secret", () => {
    assert.throws(() => checkConfig({ ...RIGHT, credentials: [] }), { code: "config.invalid" });
    assert.ok(!JSON.stringify(checkConfig(RIGHT)).includes('"SK"'));
  });
});
