import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { showsWanted } from "../../src/auth/shown-certificate.ts";
import { clientCertificate } from "../../src/config/client-certificate.ts";

const FINGERPRINT = Array.from({ length: 32 }, () => "AB").join(":");
const SHOWN = {
  fingerprint256: FINGERPRINT,
  subject: "O=Example\\, Inc\nCN=client",
  subjectAltName:
    'DNS:Client.example.com, URI:spiffe://example/client, URI:"https://x/a, DNS:evil.example.com", IP Address:127.0.0.1',
};

describe("showsWanted", () => {
  for (const wanted of [
    { fingerprint: FINGERPRINT },
    { fingerprint: FINGERPRINT.replaceAll(":", "").toLowerCase() },
    { subject: "CN=client, O=Example\\, Inc" },
    { dns: "client.EXAMPLE.com" },
    { uri: "spiffe://example/client" },
    { uri: "https://x/a, DNS:evil.example.com" },
    { subject: "O=Example\\, Inc,CN=client", dns: "client.example.com" },
  ]) {
    it(`is true for ${JSON.stringify(wanted)}`, () => {
      assert.ok(showsWanted(SHOWN, clientCertificate.parse(wanted)));
    });
  }

  for (const wanted of [
    { fingerprint: FINGERPRINT.replace("AB", "AC") },
    { subject: "CN=client" },
    { subject: "CN=client,O=Example" },
    { dns: "example.com" },
    { dns: "evil.example.com" },
    { uri: "spiffe://example/CLIENT" },
    { subject: "CN=client, O=Example\\, Inc", dns: "other.example.com" },
  ]) {
    it(`is false for ${JSON.stringify(wanted)}`, () => {
      assert.equal(showsWanted(SHOWN, clientCertificate.parse(wanted)), false);
    });
  }

  it("finds nothing in a certificate without alternative names", () => {
    const shown = { ...SHOWN, subjectAltName: undefined };
    assert.equal(showsWanted(shown, { dns: "client.example.com" }), false);
  });
});
