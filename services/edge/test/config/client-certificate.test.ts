import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { clientCertificate } from "../../src/config/client-certificate.ts";

describe("client_certificates", () => {
  it("write a fingerprint in one way", () => {
    const fingerprint = "aa:".repeat(31);
    assert.deepEqual(clientCertificate.parse({ fingerprint: `${fingerprint}BB` }), {
      fingerprint: `${"AA".repeat(31)}BB`,
    });
  });

  for (const wrong of [
    {},
    { fingerprint: "AB" },
    { subject: "client" },
    { dns: "" },
    { cn: "x" },
  ]) {
    it(`can't be ${JSON.stringify(wrong)}`, () => {
      assert.equal(clientCertificate.safeParse(wrong).success, false);
    });
  }
});
