import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "../../src/faults.ts";
import { decodeHeader, encodeHeader } from "../../src/format/header.ts";
import {
  deriveObjectKeys,
  headerMac,
  ObjectKeys,
  openHeader,
} from "../../src/sealing/object-keys.ts";

const dataKey = Buffer.alloc(32, 1);
const objectId = Buffer.alloc(32, 2);
const keys = deriveObjectKeys(dataKey, { objectId, suite: 1, flags: 0 });
const fields = {
  suite: 1,
  flags: 0,
  objectId,
  commitment: keys.commitment,
  plaintextSize: 5,
  createdAtMs: 1,
  provider: "aes",
  keyId: "k",
  keyVersion: 1,
  wrappedKey: Buffer.of(1),
} as const;

describe("openHeader", () => {
  it("gives the keys of a genuine header", () => {
    const header = decodeHeader(encodeHeader(fields, (input) => headerMac(keys, input)));
    const opened = openHeader(header, dataKey);
    assert.deepEqual(opened.dataKey.export(), keys.dataKey.export());
  });

  it("refuses another data key, also one that would make a valid MAC of its own", () => {
    const header = decodeHeader(encodeHeader(fields, (input) => headerMac(keys, input)));
    assert.throws(
      () => openHeader(header, Buffer.alloc(32, 9)),
      (error) => isFault(error, "crypto.integrity"),
    );
  });

  it("refuses a header changed in any bit", () => {
    const bytes = Buffer.from(
      encodeHeader(fields, (input) => headerMac(keys, input)),
      "base64url",
    );
    for (let at = 0; at < bytes.byteLength * 8; at += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at >> 3) ^ (1 << (at & 7)), at >> 3);
      assert.throws(
        () => openHeader(decodeHeader(changed.toString("base64url")), dataKey),
        (error) => isFault(error, "crypto.integrity"),
      );
    }
  });

  it("derives all keys apart, and apart for another suite, layout and object", () => {
    const derive = (object: { suite?: 1 | 2; flags?: number; objectId?: Buffer }) =>
      deriveObjectKeys(dataKey, { objectId, suite: 1, flags: 0, ...object });
    const single = [derive({ flags: 2 }), derive({ suite: 2, flags: 2 })];
    single.push(derive({ flags: 2, objectId: Buffer.alloc(32, 3) }));
    const inParts = derive({ flags: 3 });
    const values = [
      ...single.flatMap((derived) => [derived.trailerKey, ...commonOf(derived)]),
      ...[inParts.manifestKey, ...commonOf(inParts)],
    ].map((key) => key.export().toString("hex"));
    const commitments = [...single, inParts].map((derived) => derived.commitment.toString("hex"));
    assert.equal(new Set([...values, ...commitments]).size, 20);
  });

  it("has no key that an object of these flags does not have", () => {
    const inParts = deriveObjectKeys(dataKey, { objectId, suite: 1, flags: 1 });
    assert.throws(() => keys.metadataKey, RangeError);
    assert.throws(() => keys.manifestKey, RangeError);
    assert.throws(() => inParts.trailerKey, RangeError);
  });

  it("wipes the bytes that keys are made of", () => {
    const okm = Buffer.alloc(192, 7);
    const { headerKey, commitment } = new ObjectKeys(okm, 0);
    assert.deepEqual(okm, Buffer.alloc(192));
    assert.deepEqual([headerKey.export(), commitment], [Buffer.alloc(32, 7), Buffer.alloc(32, 7)]);
  });
});

function commonOf({ headerKey, metadataKey, dataKey: key }: ObjectKeys) {
  return [headerKey, metadataKey, key];
}
