import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { awsKmsFault } from "../../../src/custody/aws-kms/aws-kms-faults.ts";

const named = (name: string) => Object.assign(new Error("quotes c2VjcmV0"), { name });

describe("awsKmsFault", () => {
  for (const [name, code] of [
    ["InvalidCiphertextException", "crypto.integrity"],
    ["NotFoundException", "keys.denied"],
    ["DisabledException", "keys.denied"],
    ["KMSInvalidStateException", "keys.denied"],
    ["AccessDeniedException", "keys.denied"],
    ["InvalidKeyUsageException", "keys.denied"],
    ["ThrottlingException", "keys.unavailable"],
    ["KMSInternalException", "keys.unavailable"],
    ["DependencyTimeoutException", "keys.unavailable"],
    ["KeyUnavailableException", "keys.unavailable"],
    ["ExpiredTokenException", "keys.unavailable"],
    ["CredentialsProviderError", "keys.unavailable"],
    ["SyntaxError", "keys.unavailable"],
  ] as const) {
    it(`takes ${name} for ${code}, and does not repeat what it says`, () => {
      const fault = awsKmsFault(named(name));
      assert.equal(fault.code, code);
      assert.ok(!`${fault.message} ${String(fault.cause)}`.includes("c2VjcmV0"));
    });
  }

  it("leaves a fault as it is", () => {
    const fault = new Fault("keys.unknown-key", "none");
    assert.equal(awsKmsFault(fault), fault);
  });
});
