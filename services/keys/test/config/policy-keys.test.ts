import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { load, problems } from "./read-settings.ts";

const aes = {
  KEY_MANAGER_ENABLED: "true",
  KEY_MANAGER_PROVIDER: "self_contained",
  SELF_CONTAINED_TYPE: "aes",
  SELF_CONTAINED_AES_KEYS: "1=env:X",
};
const rsa = { SELF_CONTAINED_RSA_KEYS: "1=env:Y" };

describe("policy_keys", () => {
  it("are none by default, and key stores or single keys of them", () => {
    assert.deepEqual(load(aes).key_manager.policy_keys, []);
    const settings = load({ ...aes, ...rsa, KEY_MANAGER_POLICY_KEYS: "rsa,aes=tenant=b" });
    assert.deepEqual(settings.key_manager.policy_keys, [
      { provider: "rsa" },
      { provider: "aes", key_id: "tenant=b" },
    ]);
    const yaml = "encryption: {key_manager: {policy_keys: [{provider: aes, key_id: b}, aes]}}";
    assert.deepEqual(load(aes, yaml).key_manager.policy_keys, [
      { provider: "aes", key_id: "b" },
      { provider: "aes" },
    ]);
  });

  it("must be of a configured key store, and of none where a password has no name for them", () => {
    const refused = (keys: string, env = aes) =>
      problems({ ...env, KEY_MANAGER_POLICY_KEYS: keys });
    assert.match(refused("aes,rsa"), /policy_keys\.1: key store rsa is not configured/);
    assert.match(refused("nowhere"), /policy_keys/);
    assert.match(refused("aes="), /policy_keys/);
    assert.match(refused("password=x"), /each epoch has its own/);
  });
});
