import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { checkKeyStoreAnswerer } from "../src/check-key-store.ts";

describe("keys.key-store.check", () => {
  it("is answered while the custodian can wrap, and says keys.unavailable when not", async () => {
    let nowMs = 0;
    let failure: Error | undefined;
    const check = async () => {
      await Promise.resolve();
      if (failure) throw failure;
    };
    const answer = checkKeyStoreAnswerer({ check }, () => nowMs);
    assert.deepEqual(await answer(), {});
    failure = new Error("away");
    nowMs += 1000;
    await assert.rejects(answer(), { code: "keys.unavailable" });
    failure = new Fault("keys.refused", "no permission");
    nowMs += 1000;
    await assert.rejects(answer(), { code: "keys.refused" });
  });

  it("looks once a second, however many ask", async () => {
    let [nowMs, looks] = [0, 0];
    const check = async () => {
      await Promise.resolve();
      looks += 1;
    };
    const answer = checkKeyStoreAnswerer({ check }, () => nowMs);
    await Promise.all([answer(), answer()]);
    nowMs = 999;
    await answer();
    assert.equal(looks, 1);
    nowMs = 1000;
    await answer();
    assert.equal(looks, 2);
  });
});
