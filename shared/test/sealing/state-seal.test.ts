import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isFault } from "../../src/faults.ts";
import { Secret } from "../../src/runtime/secret.ts";
import { createStateSeal, type StateField } from "../../src/sealing/state-seal.ts";

const stateKey = new Secret(new Uint8Array(32).fill(7));
const seal = createStateSeal(stateKey, { encrypts: true, acceptsClear: false });
const clear = createStateSeal(stateKey, { encrypts: false, acceptsClear: false });
const lenient = createStateSeal(stateKey, { encrypts: true, acceptsClear: true });
const at: StateField = { uploadId: "upload", bucket: "bucket", key: "a/key", field: "attempt/1/x" };
const value = Buffer.from("what is known of a part");

const doesNotOpen = (place: StateField, stored: Uint8Array, by = seal) =>
  assert.throws(
    () => by.open(place, stored),
    (error) => isFault(error, "crypto.integrity"),
  );

describe("createStateSeal", () => {
  it("opens what it sealed, of any size, for any field", () => {
    const text = fc.string({ unit: "binary", maxLength: 40 });
    const field = fc.record({ uploadId: text, bucket: text, key: text, field: text });
    fc.assert(
      fc.property(field, fc.uint8Array({ maxLength: 300 }), (place, plain) => {
        assert.deepEqual(seal.open(place, seal.seal(place, plain)), Buffer.from(plain));
      }),
      { numRuns: 50 },
    );
  });

  it("hides the value, and never seals it the same way twice", () => {
    const [first, second] = [seal.seal(at, value), seal.seal(at, value)];
    assert.equal(first.includes(value.subarray(0, 8)), false);
    assert.notDeepEqual(first, second);
    assert.equal(first.byteLength, 1 + 12 + value.byteLength + 16);
  });

  it("refuses a value of which any bit was changed, or that was cut", () => {
    const stored = seal.seal(at, value);
    for (let index = 0; index < stored.byteLength; index++) {
      const changed = Buffer.from(stored);
      changed[index] = (changed[index] ?? 0) ^ 1;
      doesNotOpen(at, changed);
      doesNotOpen(at, stored.subarray(0, index));
    }
  });

  it("refuses a value that was moved to another upload, place or field", () => {
    const stored = seal.seal(at, value);
    for (const name of ["uploadId", "bucket", "key", "field"] as const) {
      doesNotOpen({ ...at, [name]: `${at[name]}2` }, stored);
    }
    doesNotOpen({ ...at, bucket: "bucketa/", key: "key" }, stored);
  });

  it("refuses what another state key sealed, and keys that are none", () => {
    const other = createStateSeal(new Secret(new Uint8Array(32)), {
      encrypts: true,
      acceptsClear: true,
    });
    doesNotOpen(at, seal.seal(at, value), other);
    const short = new Secret(new Uint8Array(16));
    assert.throws(() => createStateSeal(short, { encrypts: true, acceptsClear: true }), RangeError);
  });

  it("takes a value in the clear only where it was told to", () => {
    const stored = clear.seal(at, value);
    assert.deepEqual(stored.subarray(1), value);
    assert.deepEqual(clear.open(at, stored), value);
    assert.deepEqual(lenient.open(at, stored), value);
    doesNotOpen(at, stored);
  });

  it("still opens sealed values once sealing was switched off", () => {
    assert.deepEqual(clear.open(at, seal.seal(at, value)), value);
    assert.deepEqual([seal.encrypts, clear.encrypts], [true, false]);
  });
});
