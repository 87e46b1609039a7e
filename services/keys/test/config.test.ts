import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { loadConfig } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import { activeStore, readingStores } from "../src/config/configured-stores.ts";
import { EncryptionSection } from "../src/config.ts";

const schema = z.strictObject({ encryption: EncryptionSection });
const aesEnv = {
  KEY_MANAGER_ENABLED: "true",
  KEY_MANAGER_PROVIDER: "self_contained",
  SELF_CONTAINED_TYPE: "aes",
};

function load(env: Record<string, string>, yamlText = "") {
  return loadConfig(schema, { env, yamlText }).encryption;
}

/** The lines with which a configuration is refused. */
function problems(env: Record<string, string>, yamlText = ""): string {
  try {
    load(env, yamlText);
  } catch (error) {
    assert.ok(isFault(error, "config.invalid"));
    return error.message;
  }
  return assert.fail("was accepted");
}

describe("the encryption section", () => {
  it("reads the compact list of keys from its variable", () => {
    const env = { ...aesEnv, SELF_CONTAINED_AES_KEYS: "1=env:X, 2=base64:QUJD=" };
    const { keys, active_version } = load(env).key_manager.self_contained.aes;
    assert.deepEqual(
      keys.map(({ version, key_source }) => [version, key_source.reveal()]),
      [
        [1, "env:X"],
        [2, "base64:QUJD="],
      ],
    );
    assert.equal(active_version, undefined);
  });

  it("reads the same from a file, beside the settings of other key managers", () => {
    const { key_manager } = load(
      {},
      `
encryption:
  chunked_mode: true
  kdf: { algorithm: argon2id, argon2id: { time: 2 } }
  key_manager:
    enabled: true
    provider: self_contained
    cosmian: { endpoint: "https://kms", keys: [{ id: kek }] }
    retry: { enabled: false }
    self_contained:
      type: aes
      aes:
        active_version: 1
        keys:
          - { version: 1, key_source: "file:/kek", check_value: 00112233AABBCCDD }
          - { version: 2, key_source: "env:KEK" }
`,
    );
    const { aes } = key_manager.self_contained;
    assert.equal(aes.active_version, 1);
    assert.equal(aes.keys[0]?.check_value, "00112233AABBCCDD");
    assert.equal(aes.keys[1]?.key_source.reveal(), "env:KEK");
  });

  it("never prints a key source", () => {
    const env = { ...aesEnv, SELF_CONTAINED_AES_KEYS: "1=base64:c2VjcmV0" };
    assert.ok(!JSON.stringify(load(env)).includes("c2VjcmV0"));
  });

  for (const entry of ["1", "=env:X", "x=env:X", "1=", "0=env:X", "4294967296=env:X", "-1=env:X"]) {
    it(`refuses the entry "${entry}" rather than skip it`, () => {
      const refused = problems({ ...aesEnv, SELF_CONTAINED_AES_KEYS: `5=env:Y,${entry}` });
      assert.match(refused, /SELF_CONTAINED_AES_KEYS|aes\.keys/);
    });
  }

  for (const [what, env, problem] of [
    ["no keys", {}, /keys.*at least one key/],
    ["one version twice", { SELF_CONTAINED_AES_KEYS: "1=env:X,1=env:Y" }, /given twice/],
    [
      "an active version that has no key",
      { SELF_CONTAINED_AES_KEYS: "1=env:X", SELF_CONTAINED_AES_ACTIVE_VERSION: "2" },
      /ACTIVE_VERSION.*none of the versions/,
    ],
    ["a token without a module", { KEY_MANAGER_PROVIDER: "hsm" }, /path of a PKCS#11 module/],
    ["a kind without a key", { SELF_CONTAINED_TYPE: "rsa" }, /rsa.*at least one key/],
    [
      "a password and a key file",
      { ENCRYPTION_PASSWORD: "hunter2hunter2", ENCRYPTION_KEY_FILE: "/k" },
      /ENCRYPTION_KEY_FILE.*both given/,
    ],
  ] as const) {
    it(`refuses ${what}`, () => {
      const refused = problems({ ...aesEnv, ...env });
      assert.match(refused, problem);
      assert.ok(!refused.includes("hunter2"));
    });
  }

  it("takes a password beside a key manager, and alone", () => {
    const password = { ENCRYPTION_PASSWORD: "hunter2hunter2" };
    const beside = load({ ...aesEnv, ...password, SELF_CONTAINED_AES_KEYS: "1=env:X" });
    assert.deepEqual([activeStore(beside), readingStores(beside)], ["aes", ["password"]]);
    const alone = load(password);
    assert.deepEqual([activeStore(alone), readingStores(alone)], ["password", []]);
    assert.ok(!JSON.stringify(alone).includes("hunter2"));
    assert.equal(activeStore(load({ ENCRYPTION_KEY_FILE: "/k" })), "password");
  });

  it("holds no key by default", () => {
    assert.equal(load({}).key_manager.enabled, false);
  });
});
