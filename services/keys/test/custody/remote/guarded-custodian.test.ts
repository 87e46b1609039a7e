import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { GuardedCustodian, type Guarding } from "../../../src/custody/remote/guarded-custodian.ts";
import { is } from "../../issued-header.ts";
import { AES_WRAPPED, DATA_KEY, NONE_RETIRED, spoiled } from "../../legacy/known-answers.ts";
import { MemoryKeyStore } from "./memory-key-store.ts";

const guarding: Guarding = {
  retry: {
    isEnabled: true,
    initialMs: 1,
    maxMs: 1,
    multiplier: 1,
    maxElapsedMs: 2000,
    attemptTimeoutMs: 1000,
  },
  breaker: { isEnabled: true, consecutiveFailures: 3, openMs: 1000, successThreshold: 1 },
  healthyForMs: 500,
};
const payload = Buffer.alloc(65, 0x55);
const binding = Buffer.alloc(32, 0xaa);

describe("GuardedCustodian", () => {
  let nowMs = 0;
  let store: MemoryKeyStore;
  const guarded = (change: Partial<Guarding> = {}) =>
    new GuardedCustodian(store, { ...guarding, ...change }, () => nowMs);
  beforeEach(() => {
    nowMs = 0;
    store = new MemoryKeyStore();
  });
  const use = () => ({ key: store.activeKey, binding });

  it("wraps and unwraps, over failures that pass", async () => {
    const custodian = guarded();
    store.failuresLeft = 2;
    const wrapped = await custodian.wrap(payload, use());
    store.failuresLeft = 2;
    assert.deepEqual(await custodian.unwrap(wrapped, use()), payload);
    assert.equal(store.calls, 7);
  });

  it("lets a store set itself up before it is asked, without its own time limits", async () => {
    const order: string[] = [];
    const told = (what: string) => async () => {
      await Promise.resolve();
      order.push(what);
    };
    const prepared = Object.assign(store, { prepare: told("prepare"), start: told("start") });
    await new GuardedCustodian(prepared, guarding).start();
    assert.deepEqual(order, ["prepare", "start"]);
    const failing = Object.assign(store, {
      prepare: async () => await Promise.reject(new Fault("keys.unavailable", "not set up")),
    });
    await assert.rejects(new GuardedCustodian(failing, guarding).start(), /not set up/);
    assert.deepEqual(order, ["prepare", "start"]);
  });

  it("does not ask twice about what is not genuine or denied, nor leaves the store alone for it", async () => {
    const custodian = guarded();
    for (const code of ["crypto.integrity", "keys.denied"] as const) {
      store.failure = new Fault(code, "no");
      for (let n = 0; n < 5; n += 1) {
        store.failuresLeft = 1;
        await assert.rejects(custodian.unwrap(Buffer.alloc(125), use()), is(code));
      }
    }
    assert.equal(store.calls, 10);
    await custodian.wrap(payload, use());
  });

  it("refuses at once while the store is known to be away", async () => {
    const custodian = guarded({ retry: { ...guarding.retry, isEnabled: false } });
    store.failuresLeft = 100;
    for (let n = 0; n < 5; n += 1) {
      await assert.rejects(custodian.wrap(payload, use()), is("keys.unavailable"));
    }
    assert.equal(store.calls, 3);
    nowMs = 1000;
    store.failuresLeft = 0;
    await custodian.wrap(payload, use());
  });

  it("does not wait for a store that does not answer", async () => {
    const retry = { ...guarding.retry, isEnabled: false, attemptTimeoutMs: 5 };
    store.isStuck = true;
    await assert.rejects(guarded({ retry }).wrap(payload, use()), is("keys.unavailable"));
  });

  it("asks nobody about a key that the store has not", async () => {
    const other = { key: { ...store.activeKey, keyVersion: 2 }, binding };
    await assert.rejects(guarded().wrap(payload, other), is("keys.unknown-key"));
    await assert.rejects(guarded().unwrap(Buffer.alloc(125), other), is("keys.unknown-key"));
    assert.equal(store.calls, 0);
  });

  it("asks nobody about a wrapped key that is too short to be one", async () => {
    const short = guarded().unwrap(Buffer.alloc(80), use());
    await assert.rejects(short, is("crypto.integrity"));
    assert.equal(store.calls, 0);
  });

  for (const [what, garbled] of [
    ["empty", () => new Uint8Array()],
    ["short", (wrapped: Uint8Array) => wrapped.subarray(0, 80)],
    ["too long for a header", () => Buffer.alloc(1401, 1)],
    ["the payload in clear", () => Buffer.concat([Buffer.alloc(60), payload])],
  ] as const) {
    it(`takes no wrap that is ${what}`, async () => {
      store.garbled = garbled;
      const retry = { ...guarding.retry, isEnabled: false };
      await assert.rejects(guarded({ retry }).wrap(payload, use()), is("keys.unavailable"));
    });
  }

  it("opens what format 1 wrapped, over failures that pass and no others", async () => {
    const custodian = guarded();
    store.failuresLeft = 2;
    assert.deepEqual(
      Buffer.from(await custodian.unwrapLegacy(AES_WRAPPED, NONE_RETIRED)),
      DATA_KEY,
    );
    assert.equal(store.calls, 3);
    const forged = { ...AES_WRAPPED, wrappedKey: spoiled(AES_WRAPPED.wrappedKey) };
    await assert.rejects(custodian.unwrapLegacy(forged, NONE_RETIRED), is("crypto.integrity"));
    assert.equal(store.calls, 4);
  });

  it("opens nothing of format 1 where the store knows nothing of it", async () => {
    const deaf = Object.assign(store, { unwrapLegacy: undefined });
    const asked = new GuardedCustodian(deaf, guarding).unwrapLegacy(AES_WRAPPED, NONE_RETIRED);
    await assert.rejects(asked, is("keys.unknown-key"));
  });

  it("opens every wrap at once", async () => {
    const retry = { ...guarding.retry, isEnabled: false };
    const custodian = guarded({ retry });
    await custodian.wrap(payload, use());
    assert.equal(store.calls, 2);
    store.garbled = (wrapped) => wrapped.map((byte, at) => (at === 60 ? byte ^ 1 : byte));
    await assert.rejects(custodian.wrap(payload, use()), is("keys.unavailable"));
  });

  it("starts on a store that holds to the binding, and on no other", async () => {
    await guarded().start();
    store.ignoresBinding = true;
    await assert.rejects(guarded().start(), is("config.invalid"));
    store.failure = new Fault("keys.denied", "disabled");
    store.failuresLeft = 1;
    await assert.rejects(guarded().start(), is("keys.denied"));
  });

  it("proves, at the start and after it, the version that writes, whichever is configured first", async () => {
    store = new MemoryKeyStore([1, 2]);
    const [first, second] = store.readableKeys;
    assert.ok(first && second);
    const custodian = guarded();
    await custodian.check(first);
    // That the one was well says nothing of the other.
    store.gone.add(2);
    await assert.rejects(custodian.check(second), is("keys.denied"));
    store.gone.delete(2);
    store.gone.add(1);
    await guarded().start(() => second);
    await custodian.check(second);
    await assert.rejects(
      guarded().start(() => first),
      is("keys.denied"),
    );
    await assert.rejects(custodian.check(first), is("keys.denied"));
  });

  it("checks what was not found healthy a moment ago, once for all who ask", async () => {
    const custodian = guarded();
    await Promise.all([custodian.check(), custodian.check()]);
    assert.equal(store.calls, 2);
    nowMs = 499;
    await custodian.check();
    assert.equal(store.calls, 2);
    nowMs = 500;
    store.failuresLeft = 1;
    await assert.rejects(custodian.check(), is("keys.unavailable"));
    await custodian.check();
  });

  it("knows the keys of its store, and closes it", async () => {
    const custodian = guarded();
    assert.deepEqual(custodian.readableKeys, store.readableKeys);
    assert.ok(custodian.keyNamed({ ...store.activeKey }));
    assert.equal(custodian.keyNamed({ ...store.activeKey, keyVersion: 2 }), undefined);
    assert.equal(custodian.checkValue(store.activeKey), undefined);
    await custodian[Symbol.asyncDispose]();
    assert.ok(store.isClosed);
  });
});
