import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "../../src/faults.ts";
import { FieldReader, fromBase64Url, lengthPrefixed } from "../../src/format/bytes.ts";

describe("FieldReader", () => {
  it("reads big-endian fields one after the other", () => {
    const bytes = Buffer.concat([
      Buffer.from("0102030405060708090a0b0c0d0e0f", "hex"),
      lengthPrefixed(Buffer.from("é")),
    ]);
    const reader = new FieldReader(bytes, "record");
    assert.equal(reader.u8(), 0x01);
    assert.equal(reader.u16(), 0x0203);
    assert.equal(reader.u32(), 0x04050607);
    assert.equal(reader.u64(), 0x08090a0b0c0d0e0fn);
    assert.equal(reader.position, 15);
    assert.equal(reader.text(), "é");
    reader.end();
  });

  it("refuses to read past the end, text that is not UTF-8, and bytes left over", () => {
    const isRefusal = (error: unknown) => isFault(error, "crypto.integrity");
    assert.throws(() => new FieldReader(Buffer.from([0]), "record").u16(), isRefusal);
    assert.throws(
      () => new FieldReader(Buffer.from([0, 5, 1]), "record").lengthPrefixed(),
      isRefusal,
    );
    assert.throws(() => new FieldReader(Buffer.from([0, 1, 0xff]), "record").text(), isRefusal);
    assert.throws(() => new FieldReader(Buffer.from([0]), "record").end(), isRefusal);
  });
});

describe("fromBase64Url", () => {
  it("takes the one canonical encoding only", () => {
    assert.deepEqual(fromBase64Url("_-8"), Buffer.from([0xff, 0xef]));
    for (const text of ["_-8=", "/+8", "_-9", "_-8\n", "a"])
      assert.equal(fromBase64Url(text), undefined, text);
  });
});
