import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { CborReader, cborBytes, cborMap, cborText, cborUnsigned } from "../../src/format/cbor.ts";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
const reader = (bytes: Buffer | string) =>
  new CborReader(typeof bytes === "string" ? hex(bytes) : bytes, "test");
const integrity = { code: "crypto.integrity" };

/** A map of numbers to byte strings. */
function pairsOf(bytes: Buffer | string): [number, string][] {
  const read = reader(bytes);
  const pairs: [number, string][] = [];
  read.map(
    () => read.unsigned(),
    (key) => pairs.push([key, read.bytes().toString("hex")]),
  );
  read.end();
  return pairs;
}

describe("CBOR", () => {
  it("has the encodings of RFC 8949 appendix A", () => {
    for (const [value, encoded] of [
      [0, "00"],
      [1, "01"],
      [10, "0a"],
      [23, "17"],
      [24, "1818"],
      [25, "1819"],
      [100, "1864"],
      [255, "18ff"],
      [256, "190100"],
      [1000, "1903e8"],
      [65_535, "19ffff"],
      [65_536, "1a00010000"],
      [1_000_000, "1a000f4240"],
      [4_294_967_295, "1affffffff"],
    ] as const) {
      assert.equal(cborUnsigned(value).toString("hex"), encoded);
      assert.equal(reader(encoded).unsigned(), value);
    }
    assert.deepEqual(cborBytes(hex("01020304")), hex("4401020304"));
    assert.deepEqual(cborBytes(Buffer.alloc(0)), hex("40"));
    for (const [text, encoded] of [
      ["", "60"],
      ["a", "6161"],
      ["IETF", "6449455446"],
      ["ü", "62c3bc"],
      ["水", "63e6b0b4"],
    ] as const) {
      assert.deepEqual(cborText(text), hex(encoded));
      assert.equal(reader(encoded).text(), text);
    }
    assert.deepEqual(cborMap([]), hex("a0"));
  });

  it("sorts the keys of a map by their encoded bytes (RFC 8949 §4.2.1)", () => {
    const keys = [cborUnsigned(100), cborText("z"), cborText("aa"), cborUnsigned(10)];
    const map = cborMap(keys.map((key) => [key, cborUnsigned(0)] as const));
    assert.equal(map.toString("hex"), "a4" + "0a00" + "186400" + "617a00" + "62616100");
  });

  it("refuses what is not the shortest head", () => {
    for (const encoded of ["1800", "1817", "190018", "1900ff", "1a00000000", "1a0000ffff"]) {
      assert.throws(() => reader(encoded).unsigned(), integrity, encoded);
    }
    for (const encoded of ["5800", "580401020304", "59000401020304"]) {
      assert.throws(() => reader(encoded).bytes(), integrity, encoded);
    }
    assert.throws(() => reader("780161").text(), integrity);
    assert.throws(() => pairsOf("b800"), integrity);
  });

  it("refuses other types, indefinite lengths, reserved heads, and what is cut short or too long", () => {
    for (const encoded of [
      "",
      "20",
      "40",
      "60",
      "80",
      "a0",
      "c0",
      "f4",
      "f6",
      "18",
      "1b0000000100000000",
    ]) {
      assert.throws(() => reader(encoded).unsigned(), integrity, encoded);
    }
    for (const encoded of [
      "5f4101ff",
      "1c",
      "1d",
      "1e",
      "1f",
      "00",
      "61",
      "42aa",
      "5bffffffffffffffff",
    ]) {
      assert.throws(() => reader(encoded).bytes(), integrity, encoded);
    }
    for (const encoded of ["7f6161ff", "6261", "61ff", "62c3"]) {
      assert.throws(() => reader(encoded).text(), integrity, encoded);
    }
    for (const encoded of ["bf0040ff", "a1", "a100", "a10040 00", "baffffffff0040"]) {
      assert.throws(() => pairsOf(encoded), integrity, encoded);
    }
  });

  it("refuses maps whose keys do not rise, or come twice", () => {
    assert.deepEqual(pairsOf("a2 0040 0141aa"), [
      [0, ""],
      [1, "aa"],
    ]);
    assert.throws(() => pairsOf("a2 0141aa 0040"), integrity);
    assert.throws(() => pairsOf("a2 0040 0040"), integrity);
    assert.throws(() => pairsOf("a2 0040 0041aa"), integrity);
  });

  it("reads what it wrote, and of any bytes only those that it would write", () => {
    const pairs = fc.uniqueArray(
      fc.tuple(fc.integer({ min: 0, max: 100_000 }), fc.uint8Array({ maxLength: 300 })),
      { selector: ([key]) => key, maxLength: 40 },
    );
    fc.assert(
      fc.property(pairs, (entries) => {
        const encoded = cborMap(
          entries.map(([key, value]) => [cborUnsigned(key), cborBytes(value)] as const),
        );
        const expected = entries
          .map(([key, value]) => [key, Buffer.from(value).toString("hex")] as const)
          .toSorted(([a], [b]) => a - b);
        assert.deepEqual(pairsOf(encoded), expected);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        let read: [number, string][];
        try {
          read = pairsOf(Buffer.from(bytes));
        } catch {
          return;
        }
        const again = cborMap(
          read.map(([key, value]) => [cborUnsigned(key), cborBytes(hex(value))] as const),
        );
        assert.deepEqual(again, Buffer.from(bytes));
      }),
      { numRuns: 3000 },
    );
  });
});
