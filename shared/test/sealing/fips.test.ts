import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "../../src/faults.ts";
import { SUITE } from "../../src/format/layout.ts";
import { cryptoModule, fipsSelfTest, refuseUnapprovedSuite } from "../../src/sealing/fips.ts";

describe("the FIPS profile", () => {
  it("finds every algorithm of its own to give the known answer", () => {
    fipsSelfTest();
  });

  it("refuses ChaCha20-Poly1305 and lets AES-256-GCM pass", () => {
    refuseUnapprovedSuite(SUITE.aes256Gcm);
    assert.throws(
      () => refuseUnapprovedSuite(SUITE.chacha20Poly1305),
      (error) => isFault(error, "crypto.not-permitted"),
    );
  });

  it("says what it computes with", () => {
    const { openssl, isFipsProvider } = cryptoModule();
    assert.match(openssl, /^\d+\.\d+\.\d+/);
    assert.equal(typeof isFipsProvider, "boolean");
  });
});
