import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { decodeHeader, encodeHeader, type ObjectHeader } from "@s3eg/shared/format/header.ts";
import { openEnvelope, wrapDataKey } from "../src/envelopes.ts";
import { CountingCustodian } from "./counting-custodian.ts";
import { is, issuedHeader, place } from "./issued-header.ts";

async function fresh() {
  const custodian = new CountingCustodian();
  const { header } = await issuedHeader(custodian);
  custodian.calls = 0;
  return { custodian, header: decodeHeader(header) };
}

/** A header with other fields, as whoever controls the backend can make one. */
function edited(header: ObjectHeader, change: Partial<ObjectHeader>): ObjectHeader {
  return decodeHeader(encodeHeader({ ...header, ...change }, () => header.mac));
}

describe("openEnvelope", () => {
  for (const [what, other] of [
    ["another key", { ...place, key: "2024/ä c.jpg" }],
    ["another bucket", { ...place, bucket: "photos2" }],
    ["a key that differs in normalisation alone", { ...place, key: place.key.normalize("NFD") }],
    ["text moved from the bucket to the key", { bucket: "photo", key: `s${place.key}` }],
  ] as const) {
    it(`does not open at ${what}`, async () => {
      const { custodian, header } = await fresh();
      await assert.rejects(openEnvelope(custodian, header, other), is("crypto.integrity"));
    });
  }

  for (const [what, change] of [
    ["version", { keyVersion: 9 }],
    ["key id", { keyId: "another" }],
    ["provider", { provider: "kmip" }],
  ] as const) {
    it(`calls no custodian for a ${what} that is not configured`, async () => {
      const { custodian, header } = await fresh();
      const opened = openEnvelope(custodian, edited(header, change), place);
      await assert.rejects(opened, is("keys.unknown-key"));
      assert.equal(custodian.calls, 0);
    });
  }

  it("does not open under another configured version than the one it was wrapped under", async () => {
    const { custodian, header } = await fresh();
    const opened = openEnvelope(custodian, edited(header, { keyVersion: 1 }), place);
    await assert.rejects(opened, is("crypto.integrity"));
  });

  it("does not open with any bit of the wrapped key flipped", async () => {
    const { custodian, header } = await fresh();
    for (let bit = 0; bit < header.wrappedKey.byteLength * 8; bit += 1) {
      const wrappedKey = Buffer.from(header.wrappedKey);
      wrappedKey[bit >> 3] = (wrappedKey[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await assert.rejects(
        openEnvelope(custodian, { ...header, wrappedKey }, place),
        is("crypto.integrity"),
      );
    }
  });

  it("does not open with the wrapped key of another object at the same place", async () => {
    const { custodian, header } = await fresh();
    const other = decodeHeader((await issuedHeader(custodian)).header);
    const { wrappedKey } = other;
    await assert.rejects(
      openEnvelope(custodian, edited(header, { wrappedKey }), place),
      is("crypto.integrity"),
    );
  });

  for (const [what, change] of [
    ["commitment", { commitment: Buffer.alloc(32, 5) }],
    ["object id", { objectId: Buffer.alloc(32, 5) }],
    ["flags", { flags: 2 }],
    ["suite", { suite: 2 }],
  ] as const) {
    it(`does not open with another ${what}`, async () => {
      const { custodian, header } = await fresh();
      await assert.rejects(
        openEnvelope(custodian, edited(header, change), place),
        is("crypto.integrity"),
      );
    });
  }

  it("says that keys are unavailable, and nothing of the object, when the custodian fails", async () => {
    const { custodian, header } = await fresh();
    custodian.failure = new Error("connection to 10.0.0.7 refused");
    await assert.rejects(openEnvelope(custodian, header, place), (error) => {
      assert.ok(error instanceof Fault && error.isRetryable);
      assert.equal(error.code, "keys.unavailable");
      assert.ok(!error.message.includes("10.0.0.7"));
      assert.equal(error.cause, custodian.failure);
      return true;
    });
  });
});

describe("wrapDataKey", () => {
  it("says that keys are unavailable when the custodian fails", async () => {
    const custodian = new CountingCustodian();
    custodian.failure = new Error("no");
    const object = { flags: 0, objectId: Buffer.alloc(32), commitment: Buffer.alloc(32), place };
    const wrapped = wrapDataKey(custodian, Buffer.alloc(32, 1), object);
    await assert.rejects(wrapped, is("keys.unavailable"));
  });

  it("leaves the data key to its caller, and wipes the payload", async () => {
    class Keeping extends CountingCustodian {
      payload: Uint8Array | undefined;
      override async wrap(...asked: Parameters<CountingCustodian["wrap"]>) {
        [this.payload] = asked;
        return await super.wrap(...asked);
      }
    }
    const custodian = new Keeping();
    const dataKey = Buffer.alloc(32, 1);
    const object = { flags: 0, objectId: Buffer.alloc(32), commitment: Buffer.alloc(32), place };
    await wrapDataKey(custodian, dataKey, object);
    assert.deepEqual(dataKey, Buffer.alloc(32, 1));
    assert.deepEqual(custodian.payload, Buffer.alloc(65));
  });
});
