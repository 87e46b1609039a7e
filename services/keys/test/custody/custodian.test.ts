import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isSameKey, type KeyRef, refuseRetired } from "../../src/custody/custodian.ts";

describe("isSameKey", () => {
  const key: KeyRef = { provider: "aes", keyId: "aes", keyVersion: 1 };

  it("takes provider, key id and version together", () => {
    assert.ok(isSameKey(key, { ...key }));
    for (const other of [{ provider: "rsa" }, { keyId: "kek" }, { keyVersion: 2 }] as const) {
      assert.ok(!isSameKey(key, { ...key, ...other }));
    }
  });
});

describe("refuseRetired", () => {
  it("lets every other version be used", () => {
    const named: KeyRef = { provider: "aes", keyId: "aes", keyVersion: 1 };
    refuseRetired(named, ({ keyVersion }) => keyVersion === 2);
    assert.throws(() => refuseRetired(named, () => true), { code: "keys.unknown-key" });
  });
});
