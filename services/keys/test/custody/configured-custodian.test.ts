import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { EncryptionSection } from "../../src/config.ts";
import { configuredCustodian } from "../../src/custody/configured-custodian.ts";

const env = { A: Buffer.alloc(32, 1).toString("base64"), B: Buffer.alloc(32, 2).toString("hex") };

function configured(keys: unknown[], active_version?: number) {
  const aes = active_version === undefined ? { keys } : { keys, active_version };
  const self_contained = { type: "aes", aes };
  const key_manager = { enabled: true, provider: "self_contained", self_contained };
  return configuredCustodian(EncryptionSection.parse({ key_manager }), env);
}

describe("configuredCustodian", () => {
  it("writes with the highest version, or the one that is configured as active", () => {
    const keys = ["2=env:B", "1=env:A"];
    assert.equal(configured(keys).activeKey.keyVersion, 2);
    assert.equal(configured(keys, 1).activeKey.keyVersion, 1);
    assert.equal(configured(keys).readableKeys.length, 2);
  });

  it("refuses to hold no key", () => {
    assert.throws(
      () => configuredCustodian(EncryptionSection.parse({}), env),
      (error) => isFault(error, "config.invalid"),
    );
  });

  it("names every key that cannot be read", () => {
    assert.throws(
      () => configured(["1=env:NONE", "2=env:B", "3=file:/nowhere/kek"]),
      (error) => {
        assert.ok(isFault(error, "config.invalid"));
        assert.match(error.message, /version 1: .*\n.*version 3: /);
        return true;
      },
    );
  });

  it("takes a key that has its check value, and refuses any other", () => {
    const custodian = configured(["1=env:A"]);
    const check_value = custodian.checkValue(custodian.activeKey)?.toUpperCase();
    configured([{ version: 1, key_source: "env:A", check_value }]);
    assert.throws(
      () => configured([{ version: 1, key_source: "env:B", check_value }]),
      (error) => isFault(error, "config.invalid") && error.message.includes("version 1"),
    );
  });
});
