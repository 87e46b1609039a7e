import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { checkKeyStore } from "@s3eg/shared/contracts/keys.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { keysCheck, refuseWishesUnlessKnown } from "../../src/wiring/keys-check.ts";
import { KeptLog } from "../environment.ts";

const signal = new AbortController().signal;

describe("the check whether keys answers", () => {
  it("passes when keys says that its key store can be used", async () => {
    const bus = new MemoryBus({ log: new KeptLog() });
    let failure: Fault | undefined;
    bus.serve(checkKeyStore, async () => {
      await Promise.resolve();
      if (failure) throw failure;
      return { plain: {} };
    });
    const check = keysCheck(bus, undefined, () => []);
    await check(signal);
    failure = new Fault("keys.unavailable", "away");
    await assert.rejects(check(signal), { code: "keys.unavailable" });
  });

  it("asks for the keys that policies name, each once", async () => {
    const bus = new MemoryBus({ log: new KeptLog() });
    const asked: unknown[] = [];
    bus.serve(checkKeyStore, async ({ keyWishes }) => {
      await Promise.resolve();
      asked.push(keyWishes);
      throw new Fault("keys.unknown-key", "rsa is no key that policies may choose");
    });
    const named = ["rsa", "kmip", "rsa"].map((provider) => ({ keyWish: { provider }, place: "p" }));
    await assert.rejects(keysCheck(bus, undefined, () => named)(signal), {
      code: "keys.unknown-key",
    });
    assert.deepEqual(asked, [[{ provider: "rsa" }, { provider: "kmip" }]]);
  });

  it("fails when nobody answers", async () => {
    const bus = new MemoryBus({ log: new KeptLog() });
    await assert.rejects(keysCheck(bus, undefined, () => [])(signal), { code: "bus.no-responder" });
  });
});

describe("the keys that other policies name", () => {
  const named = (...providers: string[]) => ({
    keyWishes: providers.map((provider) => ({ keyWish: { provider }, place: `${provider}.yaml` })),
  });

  it("are asked for before they are gone by, unless they are those of before", async () => {
    const bus = new MemoryBus({ log: new KeptLog() });
    const asking = { bus, session: undefined };
    let failure: Fault | undefined;
    bus.serve(checkKeyStore, async () => {
      await Promise.resolve();
      if (failure) throw failure;
      return { plain: {} };
    });
    const ask = async (next: ReturnType<typeof named>) =>
      await refuseWishesUnlessKnown(asking, { before: named("rsa"), next });
    await ask(named("kmip"));
    failure = new Fault("keys.unknown-key", "no such key");
    await assert.rejects(ask(named("kmip")), { code: "config.invalid", message: /kmip\.yaml/ });
    failure = new Fault("keys.unavailable", "away");
    await assert.rejects(ask(named("kmip")), { code: "keys.unavailable" });
    await ask(named("rsa", "rsa"));
  });
});
