import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isWished } from "@s3eg/shared/contracts/keys.ts";
import type { KeyRef } from "../../src/custody/custodian.ts";
import { unknownWish, wrappingVersion, writingKey } from "../../src/custody/key-wish.ts";
import { CountingCustodian } from "../counting-custodian.ts";

const kmip = (keyId: string, keyVersion: number): KeyRef => ({
  provider: "kmip",
  keyId,
  keyVersion,
});

class SeveralKeys extends CountingCustodian {
  override readonly activeKey: KeyRef = kmip("first", 1);
  override readonly readableKeys = [
    ...[kmip("first", 1), kmip("first", 3), kmip("tenant", 2), kmip("tenant", 7)],
    kmip("tenant", 5),
  ];
}

describe("a wish for a key", () => {
  it("is met by a key of that store, and of that id where it names one", () => {
    assert.ok(isWished(kmip("k", 1), { provider: "kmip" }));
    assert.ok(isWished(kmip("k", 1), { provider: "kmip", keyId: "k" }));
    assert.ok(!isWished(kmip("k", 1), { provider: "kmip", keyId: "other" }));
    assert.ok(!isWished(kmip("k", 1), { provider: "aes", keyId: "k" }));
  });

  it("is for the version that its custodian wraps with, or the highest of another key", () => {
    const custodian = new SeveralKeys();
    assert.deepEqual(wrappingVersion(custodian), kmip("first", 1));
    assert.deepEqual(wrappingVersion(custodian, "first"), kmip("first", 1));
    assert.deepEqual(wrappingVersion(custodian, "tenant"), kmip("tenant", 7));
    assert.equal(wrappingVersion(custodian, "nobody"), undefined);
  });

  it("never becomes another key: what can't be had is refused", () => {
    const custodian = new SeveralKeys();
    assert.deepEqual(writingKey(custodian, undefined), kmip("first", 1));
    assert.deepEqual(writingKey(custodian, { provider: "kmip" }), kmip("first", 1));
    for (const wish of [{ provider: "aes" }, { provider: "kmip", keyId: "tenant" }]) {
      assert.throws(() => writingKey(custodian, wish), {
        code: "keys.unknown-key",
        message: unknownWish(wish),
      });
    }
  });
});
