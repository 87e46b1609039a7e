import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { checkKeyStoreAnswerer } from "../src/check-key-store.ts";
import { CountingCustodian } from "./counting-custodian.ts";

describe("keys.key-store.check", () => {
  it("is answered while the custodian can wrap, and says keys.unavailable when not", async () => {
    let nowMs = 0;
    const custodian = new CountingCustodian();
    const answer = checkKeyStoreAnswerer(custodian, () => nowMs);
    assert.deepEqual(await answer({}), {});
    custodian.failure = new Error("away");
    nowMs += 1000;
    await assert.rejects(answer({}), { code: "keys.unavailable" });
    custodian.failure = new Fault("keys.refused", "no permission");
    nowMs += 1000;
    await assert.rejects(answer({}), { code: "keys.refused" });
  });

  it("looks once a second, however many ask", async () => {
    let nowMs = 0;
    const custodian = new (class extends CountingCustodian {
      looks = 0;
      override async check(): Promise<void> {
        this.looks += 1;
        await super.check();
      }
    })();
    const answer = checkKeyStoreAnswerer(custodian, () => nowMs);
    await Promise.all([answer({}), answer({})]);
    nowMs = 999;
    await answer({});
    assert.equal(custodian.looks, 1);
    nowMs = 1000;
    await answer({});
    assert.equal(custodian.looks, 2);
  });

  it("says keys.unknown-key where a policy wishes for what it may not have", async () => {
    const answer = checkKeyStoreAnswerer(new CountingCustodian());
    const aes = { provider: "aes" };
    assert.deepEqual(await answer({ keyWishes: [aes, { ...aes, keyId: "aes" }] }), {});
    for (const wish of [{ provider: "rsa" }, { ...aes, keyId: "tenant" }]) {
      await assert.rejects(answer({ keyWishes: [aes, wish] }), {
        code: "keys.unknown-key",
        message: new RegExp(`^${wish.provider}.* is no key that policies may choose`),
      });
    }
  });
});
