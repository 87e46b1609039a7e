import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { AesCustodian } from "../../src/custody/aes-custodian.ts";
import { isSameKey, type KeyRef } from "../../src/custody/custodian.ts";
import { Custodians } from "../../src/custody/custodians.ts";
import { AES_WRAPPED, DATA_KEY, KEK, NONE_RETIRED } from "../legacy/known-answers.ts";
import { silentLog as log } from "../silent-log.ts";

/** An AES custodian under another name, as if it were another key store. */
class Elsewhere extends AesCustodian {
  failure: Error | undefined;
  isClosed = false;
  readonly #named: KeyRef = { provider: "transit", keyId: "kek", keyVersion: 0 };
  override readonly readableKeys = [this.#named];

  override keyNamed(named: KeyRef): KeyRef | undefined {
    return isSameKey(named, this.#named) ? this.#named : undefined;
  }

  override async start(): Promise<void> {
    if (this.failure) throw this.failure;
    await super.start();
  }

  override async wrap(...[plain, use]: Parameters<AesCustodian["wrap"]>) {
    return await super.wrap(plain, { ...use, key: this.activeKey });
  }

  override async unwrap(...[wrappedKey, use]: Parameters<AesCustodian["unwrap"]>) {
    return await super.unwrap(wrappedKey, { ...use, key: this.activeKey });
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.isClosed = true;
    await super[Symbol.asyncDispose]();
  }
}

const holding = (fill: number) => ({
  versions: new Map([[1, new Secret(Buffer.alloc(32, fill))]]),
  activeVersion: 1,
});
const payload = Buffer.alloc(65, 1);
const binding = Buffer.alloc(32, 2);
const elsewhere: KeyRef = { provider: "transit", keyId: "kek", keyVersion: 0 };

function both() {
  const active = new AesCustodian(holding(1));
  const reader = new Elsewhere(holding(2));
  return { active, reader, custodians: new Custodians(active, { readers: [reader], log }) };
}

describe("Custodians", () => {
  it("write with the active one", async () => {
    const { active, custodians } = both();
    await custodians.start();
    assert.deepEqual(custodians.activeKey, active.activeKey);
    const wrapped = await custodians.wrap(payload, { key: custodians.activeKey, binding });
    const opened = await active.unwrap(wrapped, { key: active.activeKey, binding });
    assert.deepEqual(opened, payload);
  });

  it("read with whoever holds the key that a header names", async () => {
    const { reader, custodians } = both();
    const wrapped = await reader.wrap(payload, { key: elsewhere, binding });
    assert.deepEqual(custodians.keyNamed({ ...elsewhere }), elsewhere);
    assert.equal(custodians.readableKeys.length, 2);
    assert.deepEqual(await custodians.unwrap(wrapped, { key: elsewhere, binding }), payload);
    await assert.rejects(
      custodians.unwrap(wrapped, { key: custodians.activeKey, binding }),
      (error) => isFault(error, "crypto.integrity"),
    );
  });

  it("know no key that nobody holds", async () => {
    const { custodians } = both();
    const unknown: KeyRef = { provider: "kmip", keyId: "kek", keyVersion: 0 };
    assert.equal(custodians.keyNamed(unknown), undefined);
    assert.equal(custodians.checkValue(unknown), undefined);
    await assert.rejects(custodians.unwrap(payload, { key: unknown, binding }), (error) =>
      isFault(error, "keys.unknown-key"),
    );
  });

  it("start and are healthy while a reader is away, and not while the active one is", async () => {
    const { active, reader, custodians } = both();
    reader.failure = new Fault("keys.unavailable", "away");
    await custodians.start();
    await custodians.check();
    const turned = new Custodians(reader, { readers: [active], log });
    await assert.rejects(turned.start(), (error) => isFault(error, "keys.unavailable"));
  });

  it("prove of the active one the version that writes", async () => {
    const { active, custodians } = both();
    const asked: unknown[] = [];
    Object.assign(active, {
      start: async (writes: () => unknown) => void asked.push(await Promise.resolve(writes())),
      check: async (writes: unknown) => void asked.push(await Promise.resolve(writes)),
    });
    const decided = { ...active.activeKey, keyVersion: 7 };
    await custodians.start(() => decided);
    await custodians.check(decided);
    assert.deepEqual(asked, [decided, decided]);
  });

  it("do not start with a reader that can't be right", async () => {
    const { reader, custodians } = both();
    reader.failure = new Fault("config.invalid", "no such key");
    await assert.rejects(custodians.start(), (error) => isFault(error, "config.invalid"));
  });

  it("wrap for a policy with what it may choose, and with nothing else", () => {
    const { active, reader, custodians } = both();
    const transit = { provider: "transit" } as const;
    for (const wish of [transit, { provider: "aes" }, { ...transit, keyId: "kek" }]) {
      assert.match(custodians.wishProblem(wish) ?? "", /policies may choose/);
      assert.equal(custodians.keyFor(wish), undefined);
    }
    Object.assign(reader, { activeKey: elsewhere });
    const chosen = new Custodians(active, {
      readers: [reader],
      choosable: [
        { provider: "aes", keyId: "aes", custodian: active },
        { ...transit, custodian: reader },
      ],
      log,
    });
    assert.deepEqual(chosen.keyFor({ provider: "aes" }), active.activeKey);
    for (const wish of [transit, { ...transit, keyId: "kek" }]) {
      assert.equal(chosen.wishProblem(wish), undefined);
      assert.deepEqual(chosen.keyFor(wish), elsewhere);
    }
    for (const wish of [{ ...transit, keyId: "other" }, { provider: "rsa" }]) {
      assert.match(chosen.wishProblem(wish) ?? "", /policies may choose/);
    }
    assert.deepEqual(chosen.policyKeys, [elsewhere]);
    assert.deepEqual(
      chosen.policyStores.map(({ provider }) => provider),
      ["transit"],
    );
  });

  it("let a policy choose single keys of a store", () => {
    const { active, reader } = both();
    Object.assign(reader, { activeKey: elsewhere });
    const allowing = (keyId: string) =>
      new Custodians(active, {
        readers: [reader],
        choosable: [{ provider: "transit", keyId, custodian: reader }],
        log,
      });
    assert.equal(allowing("kek").wishProblem({ provider: "transit" }), undefined);
    assert.match(
      allowing("another").wishProblem({ provider: "transit" }) ?? "",
      /policies may choose/,
    );
    assert.match(
      allowing("another").wishProblem({ provider: "transit", keyId: "kek" }) ?? "",
      /policies may choose/,
    );
  });

  it("start one that was away before they wrap with it, and not once it has started", async () => {
    const { reader, custodians } = both();
    let starts = 0;
    reader.start = async () => {
      starts += 1;
      await Promise.resolve();
      if (reader.failure) throw reader.failure;
    };
    reader.failure = new Fault("keys.unavailable", "away");
    await custodians.start();
    const use = { key: elsewhere, binding };
    await assert.rejects(custodians.wrap(payload, use), (error) =>
      isFault(error, "keys.unavailable"),
    );
    reader.failure = undefined;
    await Promise.all([custodians.wrap(payload, use), custodians.wrap(payload, use)]);
    await custodians.wrap(payload, use);
    assert.equal(starts, 3);
  });

  it("ask the first of the kind that an object of format 1 names, and no other kind", async () => {
    const { custodians } = both();
    const versions = new Map([[7, new Secret(KEK)]]);
    const former = new AesCustodian({ versions, activeVersion: 7 });
    const readers = [former];
    const led = new Custodians(new Elsewhere(holding(2)), { readers, log });
    assert.deepEqual(
      Buffer.from(await led.unwrapLegacyOf("aes", AES_WRAPPED, NONE_RETIRED)),
      DATA_KEY,
    );
    for (const [asked, provider] of [
      [led, "rsa"],
      [led, "kmip"],
      [custodians, "password"],
    ] as const) {
      await assert.rejects(asked.unwrapLegacyOf(provider, AES_WRAPPED, NONE_RETIRED), (error) =>
        isFault(error, "keys.unknown-key"),
      );
    }
  });

  it("pass by a custodian of the kind that never opened format 1", async () => {
    const deaf = Object.assign(new AesCustodian(holding(1)), { unwrapLegacy: undefined });
    const asked = new Custodians(deaf, { readers: [], log }).unwrapLegacyOf(
      "aes",
      AES_WRAPPED,
      NONE_RETIRED,
    );
    await assert.rejects(asked, (error) => isFault(error, "keys.unknown-key"));
  });

  it("close together", async () => {
    const { reader, custodians } = both();
    await custodians[Symbol.asyncDispose]();
    assert.ok(reader.isClosed);
  });
});
