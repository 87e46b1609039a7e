import assert from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import { beforeEach, describe, it } from "node:test";
import type { KeyRef } from "../../../src/custody/custodian.ts";
import { DerivedKeks } from "../../../src/custody/password/derived-keks.ts";
import { is } from "../../issued-header.ts";

const key = (name: number): KeyRef => ({
  provider: "password",
  keyId: String(name),
  keyVersion: 1,
});

describe("DerivedKeks", () => {
  let nowMs = 0;
  let derived: string[] = [];
  let running = 0;
  let mostRunning = 0;
  let fails = false;
  const limits = { maxKept: 3, burst: 5, refillMs: 100 };
  let keks: DerivedKeks;
  beforeEach(() => {
    nowMs = 0;
    derived = [];
    running = 0;
    mostRunning = 0;
    fails = false;
    keks = new DerivedKeks(derive, limits, () => nowMs);
  });

  async function derive({ keyId }: KeyRef) {
    derived.push(keyId);
    running += 1;
    mostRunning = Math.max(mostRunning, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    if (fails) throw new Error("no memory");
    return createSecretKey(Buffer.alloc(32, Number(keyId)));
  }

  it("derives once for all who ask, and one at a time", async () => {
    const asked = [1, 2, 1, 2, 1].map((name) => keks.kekOf(key(name)));
    const [first, second, third] = await Promise.all(asked);
    assert.equal(first, third);
    assert.notEqual(first, second);
    assert.deepEqual(derived, ["1", "2"]);
    assert.equal(mostRunning, 1);
  });

  it("lets go what was used longest ago", async () => {
    for (const name of [1, 2, 3, 1, 4, 1]) await keks.kekOf(key(name));
    assert.deepEqual(derived, ["1", "2", "3", "4"]);
    await keks.kekOf(key(2));
    assert.deepEqual(derived, ["1", "2", "3", "4", "2"]);
  });

  it("lets go first what nothing opened under", async () => {
    for (const name of [1, 2]) {
      await keks.kekOf(key(name));
      keks.prove(key(name));
    }
    for (const made of [3, 4, 5]) await keks.kekOf(key(made));
    for (const name of [1, 2]) await keks.kekOf(key(name));
    assert.deepEqual(derived, ["1", "2", "3", "4", "5"]);
  });

  it("derives no more than so many new ones in so much time", async () => {
    for (const name of [1, 2, 3, 4, 5]) await keks.kekOf(key(name));
    await assert.rejects(keks.kekOf(key(6)), is("limit.busy"));
    await keks.kekOf(key(5));
    nowMs = 100;
    await keks.kekOf(key(6));
    await assert.rejects(keks.kekOf(key(7)), is("limit.busy"));
  });

  it("keeps no failure, and goes on after one", async () => {
    fails = true;
    const first = keks.kekOf(key(1));
    const second = keks.kekOf(key(2));
    await assert.rejects(first, /no memory/);
    await assert.rejects(second, /no memory/);
    fails = false;
    await keks.kekOf(key(1));
    assert.deepEqual(derived, ["1", "2", "1"]);
  });
});
