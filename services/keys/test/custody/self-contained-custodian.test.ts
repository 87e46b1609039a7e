import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KeyRef } from "../../src/custody/custodian.ts";
import { SelfContainedCustodian } from "../../src/custody/self-contained-custodian.ts";
import { is } from "../issued-header.ts";

const versions = new Map([
  [1, "old"],
  [7, "new"],
]);

/** Holds texts, and shows which one a key names. */
class Texts extends SelfContainedCustodian<string, string> {
  constructor(activeVersion: number) {
    super("aes", { versions, activeVersion }, (version, text) => `${text} ${version}`);
  }

  async wrap(): Promise<Uint8Array> {
    return await Promise.resolve(new Uint8Array());
  }

  async unwrap(): Promise<Uint8Array> {
    return await Promise.resolve(new Uint8Array());
  }

  checkValue(key: KeyRef): string {
    return this.held(key);
  }
}

const named = (keyVersion: number): KeyRef => ({ provider: "aes", keyId: "aes", keyVersion });

describe("SelfContainedCustodian", () => {
  const texts = new Texts(7);

  it("writes with the active version and knows every other", () => {
    assert.deepEqual(texts.activeKey, named(7));
    assert.deepEqual(texts.readableKeys, [named(1), named(7)]);
    assert.deepEqual(texts.keyNamed(named(1)), named(1));
    assert.equal(texts.checkValue(named(1)), "old 1");
  });

  it("knows no other version, key or provider", () => {
    for (const other of [named(2), { ...named(1), keyId: "rsa" }]) {
      assert.equal(texts.keyNamed(other), undefined);
    }
    assert.equal(texts.keyNamed({ ...named(1), provider: "rsa" }), undefined);
    assert.throws(() => texts.checkValue(named(2)), is("keys.unknown-key"));
  });

  it("refuses an active version that has no key", () => {
    assert.throws(() => new Texts(2), is("config.invalid"));
  });
});
