import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { AesCustodian } from "../../src/custody/aes-custodian.ts";
import type { KeyRef } from "../../src/custody/custodian.ts";
import { kekOf } from "../counting-custodian.ts";
import { is } from "../issued-header.ts";
import { AES_WRAPPED, DATA_KEY, KEK, NONE_RETIRED, spoiled } from "../legacy/known-answers.ts";
import { describeCustodian } from "./custodian-contract.ts";

const versions = new Map([
  [1, kekOf(1)],
  [7, kekOf(7)],
]);
const binding = Buffer.alloc(32, 0xaa);
const payload = Buffer.alloc(65, 0x55);

describeCustodian("AesCustodian", async () => {
  await Promise.resolve();
  return {
    custodian: new AesCustodian({ versions, activeVersion: 7 }),
    impostor: new AesCustodian({ versions: new Map([[7, kekOf(8)]]), activeVersion: 7 }),
    async [Symbol.asyncDispose]() {
      await Promise.resolve();
    },
  };
});

describe("AesCustodian", () => {
  const custodian = new AesCustodian({ versions, activeVersion: 7 });
  const key = custodian.activeKey;

  it("opens under the version it was wrapped under, and no other", async () => {
    const [first] = custodian.readableKeys;
    assert.ok(first?.keyVersion === 1);
    const old = await custodian.wrap(payload, { key: first, binding });
    assert.deepEqual(await custodian.unwrap(old, { key: first, binding }), payload);
    await assert.rejects(custodian.unwrap(old, { key, binding }), is("crypto.integrity"));
  });

  it("gives check values that tell keys apart", () => {
    const [first] = custodian.readableKeys;
    assert.ok(first);
    assert.match(custodian.checkValue(key), /^[0-9a-f]{16}$/);
    assert.notEqual(custodian.checkValue(first), custodian.checkValue(key));
  });

  it("opens what format 1 wrapped, under the version that the object names and no other", async () => {
    const kek = new Secret(KEK);
    const former = new AesCustodian({
      versions: new Map([...versions, [7, kek]]),
      activeVersion: 1,
    });
    assert.deepEqual(Buffer.from(await former.unwrapLegacy(AES_WRAPPED, NONE_RETIRED)), DATA_KEY);
    const { wrappedKey } = AES_WRAPPED;
    for (const [wish, code] of [
      [{ keyVersion: "1" }, "crypto.integrity"],
      [{ keyVersion: "2" }, "keys.unknown-key"],
      [{ keyVersion: "" }, "keys.unknown-key"],
      [{ wrappedKey: spoiled(wrappedKey) }, "crypto.integrity"],
      [{ wrappedKey: wrappedKey.subarray(0, 20) }, "crypto.integrity"],
      [{ wrappedKey: Buffer.alloc(0) }, "crypto.integrity"],
    ] as const) {
      await assert.rejects(
        former.unwrapLegacy({ ...AES_WRAPPED, ...wish }, NONE_RETIRED),
        is(code),
      );
    }
    const isRetired = ({ keyVersion }: KeyRef) => keyVersion === 7;
    await assert.rejects(former.unwrapLegacy(AES_WRAPPED, isRetired), is("keys.unknown-key"));
  });

  it("refuses a KEK of another size, and an active version without one", () => {
    const short = new Map([[1, new Secret(Buffer.alloc(31, 1))]]);
    for (const keys of [
      { versions: short, activeVersion: 1 },
      { versions, activeVersion: 2 },
    ]) {
      assert.throws(() => new AesCustodian(keys), is("config.invalid"));
    }
  });
});
