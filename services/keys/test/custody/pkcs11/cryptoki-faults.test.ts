import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import {
  cryptokiFault,
  decryptionFault,
  isLost,
  isVague,
  returnValueOf,
} from "../../../src/custody/pkcs11/cryptoki-faults.ts";

const said = (name: string) => new Error(name);

describe("what a PKCS#11 module says", () => {
  it("denies, is about the PIN, or may pass", () => {
    for (const [name, code] of [
      ["CKR_KEY_FUNCTION_NOT_PERMITTED", "keys.denied"],
      ["CKR_MECHANISM_INVALID", "keys.denied"],
      ["CKR_PIN_INCORRECT", "keys.denied"],
      ["CKR_PIN_LOCKED", "keys.denied"],
      ["CKR_TOKEN_NOT_PRESENT", "keys.unavailable"],
      ["CKR_SESSION_HANDLE_INVALID", "keys.unavailable"],
      ["CKR_VENDOR_DEFINED", "keys.unavailable"],
    ] as const) {
      const fault = cryptokiFault(said(name));
      assert.equal(fault.code, code, name);
      assert.ok(fault.message.includes(name));
      assert.equal(fault.details.pin, name.startsWith("CKR_PIN") ? "refused" : undefined);
    }
  });

  it("is lost where a new session may help, and not where it refuses", () => {
    assert.ok(isLost(said("CKR_DEVICE_ERROR")));
    assert.ok(isLost(said("CKR_OBJECT_HANDLE_INVALID")));
    for (const name of ["CKR_PIN_INCORRECT", "CKR_ENCRYPTED_DATA_INVALID", "no such word"]) {
      assert.ok(!isLost(said(name)), name);
    }
  });

  it("speaks of what it was given, surely or perhaps, where it decrypts", () => {
    assert.equal(decryptionFault(said("CKR_ENCRYPTED_DATA_INVALID")).code, "crypto.integrity");
    const vague = decryptionFault(said("CKR_GENERAL_ERROR"));
    assert.deepEqual([vague.code, vague.details.isVague], ["keys.unavailable", true]);
    assert.ok(isVague(said("CKR_FUNCTION_FAILED")));
    assert.equal(decryptionFault(said("CKR_KEY_SIZE_RANGE")).details.isVague, false);
  });

  it("is believed only where it is a return value", () => {
    assert.equal(returnValueOf(said("CKR_OK")), "CKR_OK");
    assert.equal(returnValueOf(said("secret")), undefined);
    assert.equal(returnValueOf("CKR_OK"), undefined);
    assert.ok(!cryptokiFault(said("secret")).message.includes("secret"));
    const fault = new Fault("keys.denied", "so");
    assert.equal(cryptokiFault(fault), fault);
  });
});
