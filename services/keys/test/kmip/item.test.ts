import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  bytes,
  bytesOf,
  childrenOf,
  enumeration,
  integer,
  numberOf,
  structure,
  text,
  textOf,
} from "../../src/kmip/item.ts";

describe("items", () => {
  const items = [
    integer("BatchCount", 1),
    enumeration("Operation", "Decrypt"),
    text("UniqueIdentifier", "kek"),
    text("UniqueIdentifier", "other"),
    bytes("Data", Buffer.of(1)),
    structure("BatchItem", [integer("TagLength", 16)]),
  ];

  it("are found by their tag, the first of several", () => {
    assert.equal(numberOf(items, "BatchCount"), 1);
    assert.equal(numberOf(items, "Operation"), 0x20);
    assert.equal(textOf(items, "UniqueIdentifier"), "kek");
    assert.deepEqual(bytesOf(items, "Data"), Buffer.of(1));
    assert.equal(numberOf(childrenOf(items, "BatchItem"), "TagLength"), 16);
  });

  it("are not found in another type, or where there are none", () => {
    assert.equal(numberOf(items, "UniqueIdentifier"), undefined);
    assert.equal(textOf(items, "Data"), undefined);
    assert.equal(bytesOf(items, "BatchCount"), undefined);
    assert.deepEqual(childrenOf(items, "Data"), []);
    assert.deepEqual(childrenOf(items, "ResponseHeader"), []);
  });
});
