import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  activeStore,
  holdsKeys,
  keyStoreProblems,
  readingStores,
} from "../../src/config/configured-stores.ts";
import { load, problems } from "./read-settings.ts";

const aes = {
  KEY_MANAGER_ENABLED: "true",
  KEY_MANAGER_PROVIDER: "self_contained",
  SELF_CONTAINED_TYPE: "aes",
  SELF_CONTAINED_AES_KEYS: "1=env:X",
};

describe("the configured key stores", () => {
  it("are none by default", () => {
    const settings = load({});
    assert.equal(activeStore(settings), undefined);
    assert.deepEqual(readingStores(settings), []);
    assert.equal(holdsKeys(settings), false);
  });

  it("write with the one that is named", () => {
    const settings = load(aes);
    assert.equal(activeStore(settings), "aes");
    assert.deepEqual(readingStores(settings), []);
    assert.deepEqual(keyStoreProblems(settings), []);
  });

  it("are noticed where they are not to be used", () => {
    assert.ok(holdsKeys(load({ SELF_CONTAINED_AES_KEYS: "1=env:X" })));
    assert.ok(holdsKeys(load(aes)));
    assert.ok(holdsKeys(load({ ENCRYPTION_FORMER_PASSWORDS: "2=env:X" })));
    assert.ok(holdsKeys(load({ MEMORY_KM_MASTER_KEY_SOURCE: "env:X" })));
  });

  it("may be a password that writes while the keys of before are read", () => {
    const password = { ...aes, KEY_MANAGER_PROVIDER: "password" };
    const settings = load({ ...password, ENCRYPTION_PASSWORD: "correct horse battery" });
    assert.deepEqual([activeStore(settings), readingStores(settings)], ["password", ["aes"]]);
    assert.match(problems(password), /needs encryption\.password/);
  });

  it("may be a KMIP server by either name, or one that is only read from", () => {
    const kmip = { COSMIAN_KMS_ENDPOINT: "https://kms", COSMIAN_KMS_KEYS: "kek" };
    for (const KEY_MANAGER_PROVIDER of ["cosmian", "kmip"]) {
      const settings = load({ KEY_MANAGER_ENABLED: "true", KEY_MANAGER_PROVIDER, ...kmip });
      assert.deepEqual([activeStore(settings), readingStores(settings)], ["kmip", []]);
    }
    assert.deepEqual(readingStores(load({ ...aes, ...kmip })), ["kmip"]);
    assert.match(problems({ ...aes, ...kmip, COSMIAN_KMS_KEYS: "" }), /cosmian/);
  });

  it("may be a PKCS#11 token by either name", () => {
    const token = {
      PKCS11_MODULE: "/usr/lib/token.so",
      PKCS11_TOKEN_LABEL: "token",
      PKCS11_PIN_SOURCE: "env:PIN",
      PKCS11_KEYS: "kek",
    };
    for (const KEY_MANAGER_PROVIDER of ["hsm", "pkcs11"]) {
      const settings = load({ KEY_MANAGER_ENABLED: "true", KEY_MANAGER_PROVIDER, ...token });
      assert.deepEqual([activeStore(settings), readingStores(settings)], ["pkcs11", []]);
    }
    assert.deepEqual(readingStores(load({ ...aes, ...token })), ["pkcs11"]);
  });

  it("are refused where keys would not last", () => {
    assert.match(problems({ ...aes, KEY_MANAGER_PROVIDER: "memory" }), /memory loses every key/);
  });

  it("are refused without a kind, and by a name nobody knows", () => {
    assert.match(problems({ ...aes, SELF_CONTAINED_TYPE: "" }), /aes or rsa/);
    assert.match(problems({ ...aes, KEY_MANAGER_PROVIDER: "nowhere" }), /KEY_MANAGER_PROVIDER/);
  });
});
