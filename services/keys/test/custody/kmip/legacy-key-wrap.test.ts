import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KeyRef } from "../../../src/custody/custodian.ts";
import { unwrapKeyWrap } from "../../../src/custody/kmip/legacy-key-wrap.ts";
import { bytes, text } from "../../../src/kmip/item.ts";
import { is } from "../../issued-header.ts";
import { NONE_RETIRED } from "../../legacy/known-answers.ts";
import { KmipDouble, keyWrapOf, no } from "./kmip-double.ts";

const dataKey = Buffer.alloc(32, 7);
const signal = new AbortController().signal;
const NAMES = ["a", "b", "c"];
const keys = NAMES.map((keyId, n): KeyRef => ({ provider: "kmip", keyId, keyVersion: n + 1 }));

function wrappedBy(double: KmipDouble, name: string, isPadded = false): Buffer {
  return keyWrapOf(double.keys.get(name)?.bytes ?? Buffer.alloc(32), dataKey, isPadded);
}

describe("what format 1 wrapped by a KMIP server", () => {
  const double = () => new KmipDouble(...NAMES);

  for (const isPadded of [false, true]) {
    it(`opens by RFC ${isPadded ? 5649 : 3394}`, async () => {
      const transport = double();
      const wrapped = {
        wrappedKey: wrappedBy(transport, "a", isPadded),
        keyId: "a",
        keyVersion: "",
      };
      const use = { transport, keys, dualReadWindow: 0, isRetired: NONE_RETIRED, signal };
      assert.deepEqual(Buffer.from(await unwrapKeyWrap(wrapped, use)), dataKey);
    });
  }

  it("is tried with the key it names, else of its version, then with the others as far as allowed", async () => {
    for (const [keyId, keyVersion, dualReadWindow, asked] of [
      ["b", "", 2, ["b", "a", "c"]],
      ["b", "", 1, ["b", "a"]],
      ["b", "", 0, ["b"]],
      ["unheard-of", "3", 1, ["c", "a"]],
      ["unheard-of", "9", 1, ["a", "b"]],
    ] as const) {
      const transport = double();
      const wrapped = { wrappedKey: Buffer.alloc(40), keyId, keyVersion };
      const use = { transport, keys, dualReadWindow, isRetired: NONE_RETIRED, signal };
      await assert.rejects(unwrapKeyWrap(wrapped, use), is("crypto.integrity"));
      assert.deepEqual([...new Set(transport.asked.map((each) => each.keyId))], asked);
    }
  });

  it("is not lost where one key may not be asked and another opens it", async () => {
    const transport = double();
    const wrappedKey = wrappedBy(transport, "b");
    transport.keys.delete("a");
    const wrapped = { wrappedKey, keyId: "a", keyVersion: "1" };
    const use = { transport, keys, dualReadWindow: 1, isRetired: NONE_RETIRED, signal };
    assert.deepEqual(Buffer.from(await unwrapKeyWrap(wrapped, use)), dataKey);
    await assert.rejects(unwrapKeyWrap(wrapped, { ...use, dualReadWindow: 0 }), is("keys.denied"));
  });

  it("waits for a server that can't answer now", async () => {
    const transport = double();
    transport.override = () => no("OperationNotSupported");
    const wrapped = { wrappedKey: Buffer.alloc(40), keyId: "a", keyVersion: "1" };
    const use = { transport, keys, dualReadWindow: 1, isRetired: NONE_RETIRED, signal };
    await assert.rejects(unwrapKeyWrap(wrapped, use), is("keys.unavailable"));
    assert.equal(transport.asked.length, 1);
  });

  it("is refused in another length, before and after", async () => {
    const transport = double();
    const use = { transport, keys, dualReadWindow: 1, isRetired: NONE_RETIRED, signal };
    const named = { keyId: "a", keyVersion: "1" };
    const short = { wrappedKey: Buffer.alloc(39), ...named };
    await assert.rejects(unwrapKeyWrap(short, use), is("crypto.integrity"));
    assert.equal(transport.asked.length, 0);
    const given = Buffer.alloc(31, 5);
    transport.override = () => ({ payload: [text("UniqueIdentifier", "a"), bytes("Data", given)] });
    const wrapped = { wrappedKey: Buffer.alloc(40), ...named };
    await assert.rejects(unwrapKeyWrap(wrapped, use), is("crypto.integrity"));
    assert.deepEqual(given, Buffer.alloc(31));
    await assert.rejects(unwrapKeyWrap(wrapped, { ...use, keys: [] }), is("keys.unknown-key"));
  });
});
