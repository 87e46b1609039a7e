import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { EncryptionSection } from "../../src/config.ts";
import { configuredCustodian } from "../../src/custody/configured-custodian.ts";
import { silentLog as log } from "../silent-log.ts";

const env = { A: Buffer.alloc(32, 1).toString("base64"), B: Buffer.alloc(32, 2).toString("hex") };

async function open(encryption: unknown) {
  const config = EncryptionSection.parse(encryption);
  return await configuredCustodian({ config, env, folder: "/nowhere", log });
}

async function configured(keys: unknown[], active_version?: number) {
  const aes = active_version === undefined ? { keys } : { keys, active_version };
  const self_contained = { type: "aes", aes };
  const key_manager = { enabled: true, provider: "self_contained", self_contained };
  return await open({ key_manager });
}

describe("configuredCustodian", () => {
  it("writes with the highest version, or the one that is configured as active", async () => {
    const keys = ["2=env:B", "1=env:A"];
    assert.equal((await configured(keys)).activeKey.keyVersion, 2);
    assert.equal((await configured(keys, 1)).activeKey.keyVersion, 1);
    assert.equal((await configured(keys)).readableKeys.length, 2);
  });

  it("refuses to hold no key", async () => {
    await assert.rejects(open({}), (error) => isFault(error, "config.invalid"));
  });

  it("reads beside the active one what else is configured, a password too", async () => {
    const aes = { keys: ["1=env:A"] };
    const key_manager = {
      enabled: true,
      provider: "self_contained",
      self_contained: { type: "aes", aes },
    };
    const password = "correct horse battery";
    const custodian = await open({ password, key_manager });
    assert.equal(custodian.activeKey.provider, "aes");
    const keyId = "pbkdf2-sha256:600000:AAECAwQFBgcICQoLDA0ODw";
    assert.ok(custodian.keyNamed({ provider: "password", keyId, keyVersion: 1 }));
    const turned = await open({ password, key_manager: { ...key_manager, provider: "password" } });
    assert.ok(turned.keyNamed({ provider: "aes", keyId: "aes", keyVersion: 1 }));
  });

  it("lets policies choose what policy_keys says, a password too", async () => {
    const aes = { keys: ["1=env:A"] };
    const self_contained = { type: "aes", aes };
    const key_manager = { enabled: true, provider: "self_contained", self_contained };
    const password = "correct horse battery";
    const nothing = await open({ password, key_manager });
    assert.equal(nothing.wishProblem({ provider: "aes" }), undefined);
    assert.match(nothing.wishProblem({ provider: "password" }) ?? "", /policies may choose/);
    const custodian = await open({
      password,
      key_manager: { ...key_manager, policy_keys: ["password"] },
    });
    assert.equal(custodian.wishProblem({ provider: "password" }), undefined);
    assert.deepEqual(
      custodian.policyStores.map(({ provider }) => provider),
      ["password"],
    );
    const missing = { ...key_manager, policy_keys: ["aes=tenant"] };
    await assert.rejects(
      open({ key_manager: missing }),
      (error) =>
        isFault(error, "config.invalid") && /policy_keys: aes has no key/.test(error.message),
    );
  });

  it("names every problem of all key stores at once", async () => {
    const aes = { keys: ["1=env:NONE"] };
    const key_manager = {
      enabled: true,
      provider: "self_contained",
      self_contained: { type: "aes", aes },
    };
    await assert.rejects(open({ password: "short", key_manager }), (error) => {
      assert.ok(isFault(error, "config.invalid"));
      assert.match(error.message, /version 1: .*NONE.*\n.*12 bytes/);
      return true;
    });
  });

  it("names every key that cannot be read", async () => {
    await assert.rejects(configured(["1=env:NONE", "2=env:B", "3=file:/nowhere/kek"]), (error) => {
      assert.ok(isFault(error, "config.invalid"));
      assert.match(error.message, /version 1: .*\n.*version 3: /);
      return true;
    });
  });

  it("takes a key that has its check value, and refuses any other", async () => {
    const custodian = await configured(["1=env:A"]);
    const check_value = custodian.checkValue(custodian.activeKey)?.toUpperCase();
    await configured([{ version: 1, key_source: "env:A", check_value }]);
    await assert.rejects(
      configured([{ version: 1, key_source: "env:B", check_value }]),
      (error) => isFault(error, "config.invalid") && error.message.includes("version 1"),
    );
  });
});
