import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { httpsOnly } from "../src/https-only.ts";

const TRUSTED = ["10.0.0.0/8"];
const from = (remoteAddress: string, proto?: string, encrypted = false) => ({
  headers: proto === undefined ? {} : { "x-forwarded-proto": proto },
  socket: { remoteAddress, encrypted },
});

describe("server.force_https", () => {
  for (const [what, request, isRefused] of [
    ["TLS", from("1.1.1.1", undefined, true), false],
    ["plain HTTP of a client", from("1.1.1.1"), true],
    ["plain HTTP of a client that says otherwise", from("1.1.1.1", "https"), true],
    ["what a proxy got by HTTPS", from("10.0.0.1", "https"), false],
    ["what a proxy got by HTTP", from("10.0.0.1", "http"), true],
    ["what a proxy says nothing of", from("10.0.0.1"), false],
  ] as const) {
    it(`${isRefused ? "refuses" : "lets in"} ${what}`, () => {
      const check = httpsOnly({ forcesHttps: true, trustedProxies: TRUSTED });
      if (isRefused) assert.throws(() => check(request), { code: "AccessDenied" });
      else check(request);
      httpsOnly({ forcesHttps: false, trustedProxies: TRUSTED })(request);
      // Nobody is trusted: a proxy can't be told from a client.
      httpsOnly({ forcesHttps: true })(request);
    });
  }
});
