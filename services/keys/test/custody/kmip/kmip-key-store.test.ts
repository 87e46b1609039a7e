import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KeyRef } from "../../../src/custody/custodian.ts";
import { KmipKeyStore } from "../../../src/custody/kmip/kmip-key-store.ts";
import { bytes, bytesOf, type KmipItem, text } from "../../../src/kmip/item.ts";
import { is } from "../../issued-header.ts";
import { NONE_RETIRED } from "../../legacy/known-answers.ts";
import { KmipDouble, keyWrapOf, no } from "./kmip-double.ts";

const payload = Buffer.concat([Buffer.of(1), Buffer.alloc(64, 0x55)]);
const binding = Buffer.alloc(32, 0xaa);
const signal = new AbortController().signal;
const key = (keyId: string, keyVersion: number): KeyRef => ({
  provider: "kmip",
  keyId,
  keyVersion,
});

function opened() {
  const double = new KmipDouble("new", "old");
  const keys = [key("new", 2), key("old", 1)] as const;
  const store = new KmipKeyStore(double, { keys, dualReadWindow: 1 });
  return { double, store, use: { key: keys[0], binding }, before: { key: keys[1], binding } };
}

describe("KmipKeyStore", () => {
  it("wraps with its first key into iv, ciphertext and tag, and opens with each", async () => {
    const { store, use, before, double } = opened();
    assert.equal(store.activeKey.keyId, "new");
    for (const each of [use, before]) {
      const wrapped = await store.wrap(payload, each, signal);
      assert.equal(wrapped.byteLength, 12 + 65 + 16);
      assert.deepEqual(await store.unwrap(wrapped, each, signal), payload);
      assert.equal(double.asked.at(-1)?.keyId, each.key.keyId);
    }
  });

  it("asks nobody about what has not its length: servers take a tag that is cut short", async () => {
    const { store, use, double } = opened();
    const wrapped = await store.wrap(payload, use, signal);
    const before = double.asked.length;
    for (const wrong of [wrapped.subarray(0, -1), Buffer.concat([wrapped, Buffer.of(0)])]) {
      await assert.rejects(store.unwrap(wrong, use, signal), is("crypto.integrity"));
    }
    assert.equal(double.asked.length, before);
  });

  for (const [what, change] of [
    ["no tag", (each: KmipItem) => (each.tag === 0x4200ff ? [] : [each])],
    [
      "a short tag",
      (each: KmipItem) =>
        each.tag === 0x4200ff ? [bytes("AuthenticatedEncryptionTag", Buffer.alloc(12))] : [each],
    ],
    [
      "a short ciphertext",
      (each: KmipItem) => (each.tag === 0x4200c2 ? [bytes("Data", Buffer.of(0x87))] : [each]),
    ],
    ["another IV", (each: KmipItem) => [each, bytes("IVCounterNonce", Buffer.alloc(12, 9))]],
  ] as const) {
    it(`takes ${what} for no wrap`, async () => {
      const { store, use, double } = opened();
      const other = new KmipDouble("new");
      double.override = () => ({ payload: [] });
      const real = await other.ask({
        operation: "Encrypt",
        payload: [
          text("UniqueIdentifier", "new"),
          bytes("Data", payload),
          bytes("IVCounterNonce", Buffer.alloc(12)),
        ],
      });
      const changed = "payload" in real ? real.payload.flatMap(change) : [];
      double.override = () => ({ payload: changed });
      await assert.rejects(store.wrap(payload, use, signal), is("keys.unavailable"));
    });
  }

  it("wraps again what would be taken for a container", async () => {
    const { store, use, double } = opened();
    let count = 0;
    double.override = ({ payload: asked }) => {
      count += 1;
      const data = Buffer.from(bytesOf(asked, "Data") ?? []);
      data.set(count < 3 ? [0x87, 0x87] : [0x88, 0x87]);
      const tag = bytes("AuthenticatedEncryptionTag", Buffer.alloc(16));
      return { payload: [text("UniqueIdentifier", "new"), bytes("Data", data), tag] };
    };
    assert.equal((await store.wrap(payload, use, signal))[12], 0x88);
    assert.equal(count, 3);
    count = Number.NEGATIVE_INFINITY;
    await assert.rejects(store.wrap(payload, use, signal), is("keys.unavailable"));
  });

  it("takes a generation of its key for its key, and no other key", async () => {
    const { store, use, double } = opened();
    const held = double.keys.get("new");
    assert.ok(held);
    held.answersAs = "new@3";
    const wrapped = await store.wrap(payload, use, signal);
    assert.deepEqual(await store.unwrap(wrapped, use, signal), payload);
    for (const other of ["old", "", "new@", "new@x", "newer", "ne"]) {
      held.answersAs = other;
      await assert.rejects(store.wrap(payload, use, signal), is("keys.denied"), other);
      await assert.rejects(store.unwrap(wrapped, use, signal), is("keys.denied"), other);
    }
  });

  it("believes a vague no of what is wrapped if the key works, and of the server if not", async () => {
    const { store, use, double } = opened();
    const wrapped = await store.wrap(payload, use, signal);
    const elsewhere = { ...use, binding: Buffer.alloc(32) };
    for (const reason of ["CryptographicFailure", "GeneralFailure"] as const) {
      double.notGenuine = reason;
      await assert.rejects(store.unwrap(wrapped, elsewhere, signal), is("crypto.integrity"));
    }
    double.override = ({ operation }) =>
      operation === "Decrypt" ? no("GeneralFailure") : undefined;
    await assert.rejects(store.unwrap(wrapped, use, signal), is("keys.unavailable"));
    double.override = () => no("GeneralFailure");
    await assert.rejects(store.unwrap(wrapped, use, signal), is("keys.unavailable"));
  });

  it("gives no plaintext of another length", async () => {
    const { store, use, double } = opened();
    const wrapped = await store.wrap(payload, use, signal);
    const given = Buffer.alloc(64, 1);
    double.override = () => ({ payload: [text("UniqueIdentifier", "new"), bytes("Data", given)] });
    await assert.rejects(store.unwrap(wrapped, use, signal), is("keys.unavailable"));
    assert.deepEqual(given, Buffer.alloc(64));
  });

  it("opens what format 1 wrapped, and closes its transport", async () => {
    const { store, double } = opened();
    const dataKey = Buffer.alloc(32, 7);
    const wrappedKey = keyWrapOf(double.keys.get("old")?.bytes ?? Buffer.alloc(32), dataKey);
    const wrapped = { wrappedKey, keyId: "old", keyVersion: "1" };
    const found = await store.unwrapLegacy(wrapped, NONE_RETIRED, signal);
    assert.deepEqual(Buffer.from(found), dataKey);
    const before = double.asked.length;
    const isRetired = ({ keyId }: KeyRef) => keyId === "old";
    await assert.rejects(store.unwrapLegacy(wrapped, isRetired, signal), is("keys.unknown-key"));
    assert.equal(double.asked.length, before);
    await store[Symbol.asyncDispose]();
    assert.ok(double.isClosed);
  });
});
