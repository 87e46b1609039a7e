import assert from "node:assert/strict";
import { createDecipheriv, createHmac, hkdfSync } from "node:crypto";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { AesCustodian } from "../../src/custody/aes-custodian.ts";
import { kekOf } from "../counting-custodian.ts";

const versions = new Map([
  [1, kekOf(1)],
  [7, kekOf(7)],
]);
const binding = Buffer.alloc(32, 0xaa);
const payload = Buffer.alloc(65, 0x55);

describe("AesCustodian", () => {
  const custodian = new AesCustodian({ versions, activeVersion: 7 });
  const key = custodian.activeKey;

  it("stores salt, iv, ciphertext and tag in 125 bytes, as format.md §5 says", async () => {
    const wrapped = await custodian.wrap(payload, { key, binding });
    assert.equal(wrapped.byteLength, 125);
    const kek = kekOf(7).reveal();
    const derived = hkdfSync("sha256", kek, wrapped.subarray(0, 32), "s3eg/2/kek", 32);
    const decipher = createDecipheriv(
      "aes-256-gcm",
      Buffer.from(derived),
      wrapped.subarray(32, 44),
    );
    decipher.setAAD(binding).setAuthTag(wrapped.subarray(109));
    const opened = Buffer.concat([decipher.update(wrapped.subarray(44, 109)), decipher.final()]);
    assert.deepEqual(opened, payload);
  });

  it("never wraps the same way twice", async () => {
    const wrap = () => custodian.wrap(payload, { key, binding });
    const [a, b] = [await wrap(), await wrap()];
    assert.notDeepEqual(a.subarray(0, 32), b.subarray(0, 32));
    assert.notDeepEqual(a.subarray(32, 44), b.subarray(32, 44));
  });

  it("opens under the version and binding it was wrapped with, and no other", async () => {
    const wrapped = await custodian.wrap(payload, { key, binding });
    assert.deepEqual(Buffer.from(await custodian.unwrap(wrapped, { key, binding })), payload);
    const [first] = custodian.readableKeys;
    assert.ok(first?.keyVersion === 1);
    const isIntegrity = (error: unknown) => isFault(error, "crypto.integrity");
    await assert.rejects(custodian.unwrap(wrapped, { key: first, binding }), isIntegrity);
    const other = { key, binding: Buffer.alloc(32) };
    await assert.rejects(custodian.unwrap(wrapped, other), isIntegrity);
    for (const length of [0, 59, 124]) {
      const cut = wrapped.subarray(0, length);
      await assert.rejects(custodian.unwrap(cut, { key, binding }), isIntegrity);
    }
  });

  it("gives check values that tell keys apart and are 8 bytes of an HMAC", () => {
    const [first] = custodian.readableKeys;
    assert.ok(first);
    const mac = createHmac("sha256", kekOf(7).reveal()).update("s3eg/2/kcv").digest("hex");
    assert.equal(custodian.checkValue(key), mac.slice(0, 16));
    assert.notEqual(custodian.checkValue(first), custodian.checkValue(key));
  });

  it("refuses a KEK of another size, and an active version without one", () => {
    const short = new Map([[1, new Secret(Buffer.alloc(31, 1))]]);
    for (const keys of [
      { versions: short, activeVersion: 1 },
      { versions, activeVersion: 2 },
    ]) {
      assert.throws(
        () => new AesCustodian(keys),
        (error) => isFault(error, "config.invalid"),
      );
    }
  });
});
