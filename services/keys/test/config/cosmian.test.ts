import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { load, problems } from "./read-settings.ts";

describe("the cosmian section", () => {
  it("reads the compact list of keys", () => {
    const { keys, timeout } = load({ COSMIAN_KMS_KEYS: "kek-a:4, kek-b" }).key_manager.cosmian;
    assert.deepEqual(keys, [
      { id: "kek-a", version: 4 },
      { id: "kek-b", version: 0 },
    ]);
    assert.equal(timeout, 10_000);
  });

  it("refuses what it does not know", () => {
    const yaml = "encryption: { key_manager: { cosmian: { endpont: x } } }";
    assert.match(problems({}, yaml), /endpont/);
  });
});
