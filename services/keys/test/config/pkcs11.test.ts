import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pkcs11Keys, pkcs11Problems } from "../../src/config/pkcs11.ts";
import { load, problems } from "./read-settings.ts";

const whole = {
  PKCS11_MODULE: "/usr/lib/token.so",
  PKCS11_TOKEN_LABEL: "token",
  PKCS11_PIN_SOURCE: "env:PIN",
  PKCS11_KEYS: "kek",
};
const said = (env: Record<string, string>) =>
  pkcs11Problems(load({ ...whole, ...env }).key_manager.pkcs11)
    .map(({ path, message }) => `${path.join(".")} ${message}`)
    .join("\n");

describe("the pkcs11 section", () => {
  it("calls keys by label or id, with a number of their own or 1", () => {
    const { key_manager } = load({ PKCS11_KEYS: "kek,our key:7,id=0A1b:2,id=ff" });
    assert.deepEqual(
      pkcs11Keys(key_manager.pkcs11).map(({ keyId, keyVersion }) => [keyId, keyVersion]),
      [
        ["kek", 1],
        ["our key", 7],
        ["id=0a1b", 2],
        ["id=ff", 1],
      ],
    );
    const yaml = `encryption:
  key_manager:
    pkcs11:
      keys: [{ label: "id=x" }, { id: "0A", version: 3, mechanism: RSA-OAEP-SHA256 }]`;
    assert.deepEqual(pkcs11Keys(load({}, yaml).key_manager.pkcs11), [
      { keyId: "id=x", keyVersion: 1, mechanism: "AES-GCM", label: "id=x", id: undefined },
      { keyId: "id=0a", keyVersion: 3, mechanism: "RSA-OAEP-SHA256", label: undefined, id: "0a" },
    ]);
  });

  it("says what is missing, wrong or given twice", () => {
    assert.equal(said({}), "");
    assert.equal(said({ PKCS11_TOKEN_LABEL: "", PKCS11_SLOT: "0" }), "");
    assert.match(said({ PKCS11_SLOT: "0" }), /token_label .*not both/);
    assert.match(said({ PKCS11_TOKEN_LABEL: "" }), /token_label .*needed/);
    assert.match(said({ PKCS11_MODULE: "" }), /module needs/);
    assert.match(said({ PKCS11_PIN_SOURCE: "" }), /pin_source needs/);
    assert.match(said({ PKCS11_KEYS: "" }), /keys needs/);
    assert.match(said({ PKCS11_KEYS: "a,b:2,a:1" }), /twice/);
    assert.match(said({ PKCS11_MECHANISM: "RSA-OAEP-SHA256" }), /envelope_auth_key RSA/);
    const rsa = { PKCS11_MECHANISM: "RSA-OAEP-SHA256", PKCS11_ENVELOPE_AUTH_KEY: "env:X" };
    assert.equal(said(rsa), "");
  });

  it("refuses an id that is no hex, and a mechanism that is none", () => {
    assert.match(problems({ PKCS11_KEYS: "id=xyz" }), /pkcs11\.keys.*expected bytes in hex/);
    assert.match(problems({ PKCS11_MECHANISM: "AES-CBC" }), /PKCS11_MECHANISM/);
    assert.match(problems({ PKCS11_KEYS: "a:0" }), /pkcs11\.keys\.0\.version/);
  });
});
