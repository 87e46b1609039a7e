import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { beforeEach, describe, it } from "node:test";
import { type FaultCode, isFault } from "@s3eg/shared/faults.ts";
import { Token, type TokenPlace } from "../../../src/custody/pkcs11/token.ts";
import type { NamedKey } from "../../../src/custody/pkcs11/token-keys.ts";
import { MemoryToken } from "./memory-token.ts";

const kek: NamedKey = { mechanism: "AES-GCM", label: "kek" };
const text = { data: randomBytes(65), iv: randomBytes(12), associatedData: randomBytes(32) };
const is = (code: FaultCode) => (error: unknown) => isFault(error, code);

describe("Token", () => {
  let memory: MemoryToken;
  beforeEach(() => {
    memory = new MemoryToken();
    memory.addSecret("kek");
    memory.addDisabled("disabled");
  });
  const opened = (place: Partial<TokenPlace> = {}) =>
    new Token(memory, { tokenLabel: "memory", pin: "1234", ...place });

  it("opens what it encrypted, in one session", () => {
    const token = opened();
    token.open();
    const sealed = token.encrypt(kek, text);
    assert.equal(sealed.byteLength, 81);
    assert.deepEqual(token.decrypt(kek, { ...text, data: sealed }), text.data);
    assert.deepEqual([memory.calls.get("C_Login"), memory.calls.get("C_OpenSession")], [1, 1]);
  });

  it("is found by its slot too", () => {
    opened({ tokenLabel: undefined, slot: 7 }).open();
    const elsewhere = opened({ tokenLabel: undefined, slot: 8 });
    assert.throws(() => elsewhere.open(), is("keys.unavailable"));
  });

  it("is unavailable where it is not, and comes back", () => {
    assert.throws(() => opened({ tokenLabel: "other" }).open(), is("keys.unavailable"));
    const token = opened();
    const sealed = token.encrypt(kek, text);
    memory.isThere = false;
    assert.throws(() => token.encrypt(kek, text), is("keys.unavailable"));
    assert.throws(() => token.describe(kek), is("keys.unavailable"));
    memory.isThere = true;
    assert.deepEqual(token.decrypt(kek, { ...text, data: sealed }), text.data);
  });

  it("opens another session where the one it had is lost, once", () => {
    const token = opened();
    const sealed = token.encrypt(kek, text);
    memory.reset();
    assert.deepEqual(token.decrypt(kek, { ...text, data: sealed }), text.data);
    assert.equal(memory.calls.get("C_Login"), 2);
    memory.failures.set("C_Encrypt", ["CKR_DEVICE_ERROR", "CKR_DEVICE_ERROR"]);
    assert.throws(() => token.encrypt(kek, text), is("keys.unavailable"));
    assert.equal(memory.calls.get("C_Login"), 3);
    token.encrypt(kek, text);
  });

  it("is told a wrong PIN once", () => {
    assert.throws(
      () => opened({ pin: "9999" }).open(),
      (error) => isFault(error, "keys.denied") && error.details.pin === "refused",
    );
    assert.equal(memory.calls.get("C_Login"), 1);
  });

  it("denies a key that is not there or may not be used, in a session of this moment", () => {
    const token = opened();
    token.open();
    assert.throws(() => token.encrypt({ ...kek, label: "none" }, text), is("keys.denied"));
    assert.throws(() => token.encrypt({ ...kek, label: "disabled" }, text), is("keys.denied"));
    token.encrypt(kek, text);
  });

  it("says whether a word of a forgery is sure", () => {
    const token = opened();
    const forged = Buffer.alloc(81, 1);
    const refused = (isSure: boolean) => () => {
      assert.throws(
        () => token.decrypt(kek, { ...text, data: forged }),
        (error) =>
          isSure
            ? isFault(error, "crypto.integrity")
            : isFault(error, "keys.unavailable") && error.details.isVague === true,
      );
    };
    refused(false)();
    memory.wordForForgery = "CKR_ENCRYPTED_DATA_INVALID";
    refused(true)();
    assert.equal(memory.calls.get("C_Login"), 1);
  });

  it("names the mechanism that the token has not", () => {
    memory.addPair("pair");
    memory.isOld = true;
    const pair: NamedKey = { mechanism: "RSA-OAEP-SHA256", label: "pair" };
    const asked = () => opened().decrypt(pair, { ...text, data: Buffer.alloc(256) });
    assert.throws(asked, /does not do RSA-OAEP with SHA-256 \(CKR_ARGUMENTS_BAD\)/);
  });
});
