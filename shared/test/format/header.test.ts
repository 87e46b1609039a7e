import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isFault } from "../../src/faults.ts";
import {
  decodeHeader,
  encodeHeader,
  namedKeyOf,
  type ObjectHeaderFields,
} from "../../src/format/header.ts";
import { MAX_OBJECT_BYTES, PROVIDERS } from "../../src/format/layout.ts";

const MAC = Buffer.alloc(32, 7);
const FIELDS: ObjectHeaderFields = {
  suite: 1,
  flags: 0,
  objectId: Buffer.alloc(32, 1),
  commitment: Buffer.alloc(32, 2),
  plaintextSize: 1234,
  createdAtMs: 1_764_000_000_000,
  provider: "aes",
  keyId: "local",
  keyVersion: 3,
  wrappedKey: Buffer.alloc(125, 9),
};
const encode = (fields: Partial<ObjectHeaderFields> = {}) =>
  encodeHeader({ ...FIELDS, ...fields }, () => MAC);

function assertRefused(value: string): void {
  assert.throws(
    () => decodeHeader(value),
    (error) => isFault(error, "crypto.integrity"),
  );
}

function withBytes(change: (bytes: Buffer) => Buffer | undefined): string {
  const bytes = Buffer.from(encode(), "base64url");
  return (change(bytes) ?? bytes).toString("base64url");
}

describe("object header (format.md §4)", () => {
  it("gives back what was encoded", () => {
    fc.assert(
      fc.property(
        fc.record({
          suite: fc.constantFrom(1 as const, 2 as const),
          keyVersion: fc.nat(),
          createdAtMs: fc.nat({ max: 2 ** 52 }),
          plaintextSize: fc.nat({ max: MAX_OBJECT_BYTES }),
          provider: fc.constantFrom(...PROVIDERS),
          keyId: fc.string({ unit: "grapheme", maxLength: 60 }),
          wrappedKey: fc.uint8Array({ minLength: 1, maxLength: 600 }),
        }),
        (fields) => {
          const decoded = decodeHeader(encode(fields));
          assert.deepEqual(Buffer.from(decoded.wrappedKey), Buffer.from(fields.wrappedKey));
          for (const name of [
            "suite",
            "keyVersion",
            "createdAtMs",
            "plaintextSize",
            "provider",
            "keyId",
          ] as const) {
            assert.equal(decoded[name], fields[name]);
          }
          assert.deepEqual(decoded.mac, MAC);
        },
      ),
    );
  });

  it("names a key version", () => {
    const key = { provider: "kmip", keyId: "tenant", keyVersion: 7 } as const;
    assert.deepEqual(namedKeyOf(encode(key)), key);
  });

  it("covers every byte before the MAC with it", () => {
    const { macInput, mac } = decodeHeader(encode());
    const whole = Buffer.from(encode(), "base64url");
    assert.deepEqual(Buffer.concat([macInput, mac]), whole);
  });

  it("stays near 380 characters with self-contained AES", () => {
    assert.ok(encode().length < 400, String(encode().length));
  });

  it("knows no size exactly when the object is multipart", () => {
    assert.equal(
      decodeHeader(encode({ flags: 1, plaintextSize: undefined })).plaintextSize,
      undefined,
    );
    assertRefused(encode({ flags: 1, plaintextSize: 5 }));
    assertRefused(encode({ flags: 0, plaintextSize: undefined }));
  });

  for (const [what, value] of [
    ["nothing", ""],
    ["a padded encoding", `${encode()}=`],
    ["plain base64", Buffer.from(encode(), "base64url").toString("base64").replaceAll("A", "+")],
    ["white space", ` ${encode()}`],
    ["another version", withBytes((bytes) => Buffer.from([3, ...bytes.subarray(1)]))],
    ["an unknown suite", withBytes((bytes) => Buffer.from([2, 3, ...bytes.subarray(2)]))],
    ["an unknown flag", withBytes((bytes) => Buffer.from([2, 1, 8, ...bytes.subarray(3)]))],
    ["a companion without multipart", encode({ flags: 4 })],
    ["a trailing byte", withBytes((bytes) => Buffer.concat([bytes, Buffer.of(0)]))],
    ["a missing byte", withBytes((bytes) => bytes.subarray(0, -1))],
    ["a size beyond a single PUT", encode({ plaintextSize: MAX_OBJECT_BYTES + 1 })],
    ["no wrapped key", encode({ wrappedKey: Buffer.alloc(0) })],
    ["a value beyond the metadata limit", encode({ wrappedKey: Buffer.alloc(2000) })],
  ] as const) {
    it(`refuses ${what}`, () => assertRefused(value));
  }

  it("refuses an unknown provider and a key id that is not UTF-8", () => {
    assertRefused(
      withBytes((bytes) =>
        Buffer.concat([bytes.subarray(0, 85), Buffer.from("aex"), bytes.subarray(88)]),
      ),
    );
    assertRefused(withBytes((bytes) => void bytes.writeUInt8(0xff, 90)));
  });

  it("refuses every truncation", () => {
    const bytes = Buffer.from(encode(), "base64url");
    for (let length = 0; length < bytes.byteLength; length += 1) {
      assertRefused(bytes.subarray(0, length).toString("base64url"));
    }
  });
});
