import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { KmipItem } from "../../src/kmip/item.ts";
import { announcedBytes, decodeTtlv, encodeTtlv } from "../../src/kmip/ttlv.ts";
import { is } from "../issued-header.ts";
import { recording } from "./recordings.ts";

const tag = 0x420020;
/** The examples of the specification (KMIP 2.1 §10.1.2). */
const EXAMPLES: [string, KmipItem][] = [
  ["42002002000000040000000800000000", { tag, type: "Integer", value: 8 }],
  ["420020030000000801b69b4ba5749200", { tag, type: "LongInteger", value: 123456789000000000n }],
  [
    "42002004000000100000000003fd35eb6bc2df4618080000",
    { tag, type: "BigInteger", value: Buffer.from("0000000003fd35eb6bc2df4618080000", "hex") },
  ],
  ["4200200500000004000000ff00000000", { tag, type: "Enumeration", value: 255 }],
  ["42002006000000080000000000000001", { tag, type: "Boolean", value: true }],
  [
    "420020070000000b48656c6c6f20576f726c640000000000",
    { tag, type: "TextString", value: "Hello World" },
  ],
  ["42002008000000030102030000000000", { tag, type: "ByteString", value: Buffer.from([1, 2, 3]) }],
  ["42002009000000080000000047da67f8", { tag, type: "DateTime", value: 1205495800n }],
  ["4200200a00000004000d2f0000000000", { tag, type: "Interval", value: 864_000 }],
  [
    "42002001000000204200040500000004000000fe000000004200050200000004000000ff00000000",
    {
      tag,
      type: "Structure",
      value: [
        { tag: 0x420004, type: "Enumeration", value: 254 },
        { tag: 0x420005, type: "Integer", value: 255 },
      ],
    },
  ],
];

const decoded = (hex: string) => decodeTtlv(Buffer.from(hex, "hex"));

describe("TTLV", () => {
  for (const [hex, item] of EXAMPLES) {
    it(`writes and reads the specification's ${item.type}`, () => {
      assert.equal(encodeTtlv(item).toString("hex"), hex);
      assert.deepEqual(decoded(hex), item);
    });
  }

  it("writes negative numbers and later types", () => {
    for (const item of [
      { tag, type: "Integer", value: -1 },
      { tag, type: "LongInteger", value: -5n },
      { tag, type: "DateTimeExtended", value: 1_700_000_000_000_000n },
      { tag, type: "Boolean", value: false },
      { tag, type: "TextString", value: "" },
    ] as const) {
      assert.deepEqual(decodeTtlv(encodeTtlv(item)), item);
    }
  });

  it("reads what real servers wrote to the same bytes again", () => {
    for (const name of ["cosmian-binary", "pykmip"] as const) {
      for (const { request, answer } of recording(name).exchanges) {
        assert.equal(encodeTtlv(decoded(request)).toString("hex"), request);
        assert.equal(encodeTtlv(decoded(answer)).toString("hex"), answer);
      }
    }
  });

  for (const [what, hex] of [
    ["nothing", ""],
    ["half a head", "420020"],
    ["a value that is cut short", "420020020000000400000008"],
    ["an unknown type", "4200200c000000040000000800000000"],
    ["a wrong length", "42002002000000080000000800000000"],
    ["padding that is not zero", "42002002000000040000000800000001"],
    ["a boolean that is neither", "42002006000000080000000000000002"],
    ["a big integer of 4 bytes", "42002004000000040000000800000000"],
    ["bytes after the end", "4200200200000004000000080000000000"],
    ["a child that is longer than its parent", "42002001000000104200040500000010000000fe00000000"],
    ["a length of 4 GiB", "42002008ffffffff0102030000000000"],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => decoded(hex), is("keys.unavailable"));
    });
  }

  it("refuses what is nested too deep", () => {
    let item: KmipItem = { tag, type: "Structure", value: [] };
    for (let depth = 1; depth < 32; depth += 1) item = { tag, type: "Structure", value: [item] };
    assert.deepEqual(decodeTtlv(encodeTtlv(item)), item);
    const deeper = encodeTtlv({ tag, type: "Structure", value: [item] });
    assert.throws(() => decodeTtlv(deeper), is("keys.unavailable"));
  });

  it("gives an item or a fault for whatever comes, and never anything else", () => {
    const real = recording("pykmip").exchanges.map(({ answer }) => Buffer.from(answer, "hex"));
    const changed = fc
      .tuple(fc.constantFrom(...real), fc.nat(), fc.nat(255))
      .map(([answer, at, byte]) => {
        const copy = Buffer.from(answer);
        copy[at % copy.length] = byte;
        return copy;
      });
    const anything = fc.uint8Array({ maxLength: 200 }).map((each) => Buffer.from(each));
    fc.assert(
      fc.property(fc.oneof(changed, anything), (input) => {
        try {
          assert.deepEqual(encodeTtlv(decodeTtlv(Buffer.from(input))).length, input.length);
        } catch (error) {
          if (!is("keys.unavailable")(error)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });

  it("announces its length, padding included", () => {
    assert.equal(announcedBytes(Buffer.from("420020070000000b", "hex")), 16);
  });
});
