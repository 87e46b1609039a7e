import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { gcpFault } from "../../../src/custody/gcp/gcp-faults.ts";

const coded = (code: unknown) => Object.assign(new Error("quotes c2VjcmV0"), { code });

describe("gcpFault", () => {
  for (const [what, code, fault] of [
    ["INVALID_ARGUMENT", 3, "crypto.integrity"],
    ["NOT_FOUND", 5, "keys.denied"],
    ["PERMISSION_DENIED", 7, "keys.denied"],
    ["FAILED_PRECONDITION", 9, "keys.denied"],
    ["UNAUTHENTICATED", 16, "keys.denied"],
    ["DEADLINE_EXCEEDED", 4, "keys.unavailable"],
    ["RESOURCE_EXHAUSTED", 8, "keys.unavailable"],
    ["INTERNAL", 13, "keys.unavailable"],
    ["UNAVAILABLE", 14, "keys.unavailable"],
    ["no code", undefined, "keys.unavailable"],
    ["a code of the system", "ECONNREFUSED", "keys.unavailable"],
  ] as const) {
    it(`takes ${what} for ${fault}, and does not repeat what it says`, () => {
      const { code: taken, message, cause } = gcpFault(coded(code));
      assert.equal(taken, fault);
      assert.ok(!`${message} ${String(cause)}`.includes("c2VjcmV0"));
    });
  }

  it("leaves a fault as it is, and takes what is no error for unavailable", () => {
    const fault = new Fault("keys.unknown-key", "none");
    assert.equal(gcpFault(fault), fault);
    assert.equal(gcpFault("c2VjcmV0").code, "keys.unavailable");
  });
});
