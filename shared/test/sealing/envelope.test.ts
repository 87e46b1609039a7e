import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "../../src/faults.ts";
import {
  bindingOf,
  type EnvelopeContext,
  packPayload,
  unpackPayload,
} from "../../src/sealing/envelope.ts";

const context: EnvelopeContext = {
  provider: "aes",
  keyId: "local",
  keyVersion: 1,
  flags: 0,
  objectId: Buffer.alloc(32, 1),
  commitment: Buffer.alloc(32, 2),
  place: { bucket: "photos", key: "a/b" },
};
const dataKey = Buffer.alloc(32, 7);

describe("envelope (format.md §5)", () => {
  it("packs 65 bytes that do not look like a KMIP bulk container, and unpacks the data key", () => {
    const payload = packPayload(dataKey, bindingOf(context));
    assert.equal(payload.byteLength, 65);
    assert.equal(payload[0], 1);
    assert.deepEqual(unpackPayload(payload, bindingOf(context)), dataKey);
  });

  const others: [string, Partial<EnvelopeContext>][] = [
    ["provider", { provider: "rsa" }],
    ["key id", { keyId: "other" }],
    ["key version", { keyVersion: 2 }],
    ["flags", { flags: 1 }],
    ["object id", { objectId: Buffer.alloc(32, 9) }],
    ["commitment", { commitment: Buffer.alloc(32, 9) }],
    ["bucket", { place: { bucket: "photos2", key: "a/b" } }],
    ["key", { place: { bucket: "photos", key: "a/c" } }],
    ["split of bucket and key", { place: { bucket: "photosa", key: "/b" } }],
  ];
  for (const [what, other] of others) {
    it(`is bound to the ${what}`, () => {
      const payload = packPayload(dataKey, bindingOf(context));
      assert.throws(
        () => unpackPayload(payload, bindingOf({ ...context, ...other })),
        (error) => isFault(error, "crypto.integrity"),
      );
    });
  }

  it("refuses another length or marker", () => {
    const binding = bindingOf(context);
    const payload = packPayload(dataKey, binding);
    for (const wrong of [
      payload.subarray(1),
      Buffer.concat([payload, Buffer.of(0)]),
      Buffer.from([2, ...payload.subarray(1)]),
    ]) {
      assert.throws(
        () => unpackPayload(wrong, binding),
        (error) => isFault(error, "crypto.integrity"),
      );
    }
  });
});
