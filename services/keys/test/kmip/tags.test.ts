import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { enumerationName, enumerationValue, TAG, tagName, tagNumber } from "../../src/kmip/tags.ts";

describe("tags", () => {
  it("have names and numbers, each once", () => {
    for (const [name, tag] of Object.entries(TAG)) {
      assert.equal(tagName(tag), name);
      assert.equal(tagNumber(name), tag);
    }
    assert.equal(new Set(Object.values(TAG)).size, Object.keys(TAG).length);
    assert.equal(tagNumber("Nothing"), 0);
    assert.equal(tagNumber("constructor"), 0);
    assert.equal(tagName(0x540001), undefined);
  });

  it("give values their names, however servers spell them", () => {
    for (const spelt of [
      "CryptographicFailure",
      "Cryptographic_Failure",
      "CRYPTOGRAPHIC_FAILURE",
    ]) {
      assert.equal(enumerationValue(TAG.ResultReason, spelt), 0x0a);
    }
    assert.equal(enumerationName(TAG.BlockCipherMode, 9), "GCM");
    assert.equal(enumerationName(TAG.BlockCipherMode, 99), undefined);
    assert.equal(enumerationName(TAG.Data, 9), undefined);
    assert.equal(enumerationValue(TAG.Operation, "toString"), undefined);
  });
});
