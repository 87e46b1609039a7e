import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { clientAddressOf, secureRequestOf } from "../src/client-address.ts";

const PROXIES = ["10.0.0.0/8", "192.0.2.7", "fd00::/8"];

function addressOf(peer: string | undefined, forwarded?: string, trusted = PROXIES): string {
  const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
  return clientAddressOf(trusted)({ headers, socket: { remoteAddress: peer } });
}

describe("the address of a client", () => {
  it("is its own where no proxy is trusted, whatever it claims", () => {
    assert.equal(addressOf("203.0.113.9", "198.51.100.1", []), "203.0.113.9");
    assert.equal(addressOf("10.0.0.1", "198.51.100.1", []), "10.0.0.1");
  });

  it("is what the last trusted proxy was reached from", () => {
    for (const [peer, forwarded, client] of [
      ["10.0.0.1", "198.51.100.1", "198.51.100.1"],
      ["10.0.0.1", "198.51.100.1, 10.9.9.9,192.0.2.7", "198.51.100.1"],
      ["10.0.0.1", "1.1.1.1, 198.51.100.1, 10.9.9.9", "198.51.100.1"],
      ["fd00::1", "2001:db8::5", "2001:db8::5"],
      ["::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"],
      ["10.0.0.1", "198.51.100.1:4711", "198.51.100.1"],
      ["10.0.0.1", "[2001:db8::5]:443", "2001:db8::5"],
      ["10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"],
    ] as const) {
      assert.equal(addressOf(peer, forwarded), client, `${peer} ${forwarded}`);
    }
  });

  it("is not what somebody untrusted says", () => {
    assert.equal(addressOf("203.0.113.9", "198.51.100.1"), "203.0.113.9");
    assert.equal(addressOf("192.0.2.8", "198.51.100.1"), "192.0.2.8");
  });

  it("is the nearest that is known where the field ends or is no address", () => {
    assert.equal(addressOf("10.0.0.1"), "10.0.0.1");
    assert.equal(addressOf("10.0.0.1", "10.0.0.2"), "10.0.0.2");
    for (const odd of ["unknown", "_hidden", "1.2.3", "198.51.100.1 evil", "<script>", ""]) {
      assert.equal(addressOf("10.0.0.1", `198.51.100.1, ${odd}`), "10.0.0.1", odd);
    }
    assert.equal(addressOf(undefined, "198.51.100.1"), "");
  });
});

describe("whether a request came by TLS", () => {
  const isSecure = (peer: string, forwarded?: string, encrypted = false) =>
    secureRequestOf(PROXIES)({
      headers: forwarded === undefined ? {} : { "x-forwarded-proto": forwarded },
      socket: { remoteAddress: peer, encrypted },
    });

  it("is what the connection is, and what a trusted proxy says of its own", () => {
    assert.equal(isSecure("203.0.113.9", undefined, true), true);
    assert.equal(isSecure("10.0.0.1", undefined), false);
    assert.equal(isSecure("10.0.0.1", "https"), true);
    assert.equal(isSecure("10.0.0.1", "http, HTTPS"), true);
    assert.equal(isSecure("10.0.0.1", "https, http"), false);
    assert.equal(isSecure("10.0.0.1", "http"), false);
  });

  it("is not what anybody else says", () => {
    assert.equal(isSecure("203.0.113.9", "https"), false);
  });
});
