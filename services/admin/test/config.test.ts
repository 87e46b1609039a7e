import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { loadConfig } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import { AdminSection } from "../src/config.ts";

const load = (env: Record<string, string>) =>
  loadConfig(z.strictObject({ admin: AdminSection }), { env }).admin;
const GOOD = { ADMIN_ENABLED: "true", ADMIN_AUTH_TOKEN_FILE: "/run/token" };

describe("AdminSection", () => {
  it("is off and on loopback unless told otherwise", () => {
    const admin = load({});
    assert.equal(admin.enabled, false);
    assert.deepEqual(admin.address, { host: "127.0.0.1", port: 8081 });
    assert.equal(admin.rate_limit.requests_per_minute, 30);
  });

  for (const [what, env] of [
    ["a token file on loopback", GOOD],
    ["IPv6 loopback", { ...GOOD, ADMIN_ADDRESS: "[::1]:9000" }],
    [
      "an inline token where that is permitted",
      { ADMIN_ENABLED: "1", ADMIN_AUTH_TOKEN: "x".repeat(40), ADMIN_ALLOW_INLINE_TOKEN: "1" },
    ],
    [
      "TLS off loopback",
      {
        ...GOOD,
        ADMIN_ADDRESS: ":8081",
        ADMIN_TLS_ENABLED: "1",
        ADMIN_TLS_CERT_FILE: "c",
        ADMIN_TLS_KEY_FILE: "k",
      },
    ],
    ["anything that contradicts itself, while it is off", { ADMIN_ADDRESS: ":8081" }],
  ] as const) {
    it(`accepts ${what}`, () => {
      load(env);
    });
  }

  for (const [what, env, problem] of [
    ["plain HTTP on all interfaces", { ...GOOD, ADMIN_ADDRESS: ":8081" }, /ADMIN_TLS_ENABLED/],
    [
      "plain HTTP on a name that begins like loopback",
      { ...GOOD, ADMIN_ADDRESS: "127.example.com:8081" },
      /ADMIN_TLS_ENABLED/,
    ],
    ["TLS without a certificate", { ...GOOD, ADMIN_TLS_ENABLED: "1" }, /cert_file and key_file/],
    ["no token", { ADMIN_ENABLED: "1" }, /exactly one/],
    [
      "two tokens",
      { ...GOOD, ADMIN_AUTH_TOKEN: "hush", ADMIN_ALLOW_INLINE_TOKEN: "1" },
      /exactly one/,
    ],
    [
      "an inline token that is not permitted",
      { ADMIN_ENABLED: "1", ADMIN_AUTH_TOKEN: "hush" },
      /ALLOW_INLINE/,
    ],
    ["another kind of authentication", { ...GOOD, ADMIN_AUTH_TYPE: "basic" }, /ADMIN_AUTH_TYPE/],
    ["a rate of nothing", { ...GOOD, ADMIN_RATE_LIMIT_RPM: "0" }, /ADMIN_RATE_LIMIT_RPM/],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => load(env),
        (error) => {
          assert.ok(isFault(error, "config.invalid"));
          assert.match(error.message, problem);
          assert.doesNotMatch(error.message, /hush/);
          return true;
        },
      );
    });
  }
});
