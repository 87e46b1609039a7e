import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dataKeyCacheLimits } from "../../src/config/configured-dek-cache.ts";
import { KeyManagerSection } from "../../src/config/key-manager.ts";

describe("dek_cache", () => {
  it("is off where nothing switches it on, and says its limits where something does", () => {
    assert.equal(dataKeyCacheLimits(KeyManagerSection.parse({})), undefined);
    const dek_cache = { enabled: true, ttl: "5m", max_entries: 10 };
    assert.deepEqual(dataKeyCacheLimits(KeyManagerSection.parse({ dek_cache })), {
      ttlMs: 300_000,
      maxEntries: 10,
      cleanUpMs: 60_000,
    });
  });

  it("is refused without a time and a number", () => {
    for (const dek_cache of [
      { enabled: true, ttl: "5m" },
      { enabled: true, max_entries: 1 },
    ]) {
      assert.ok(!KeyManagerSection.safeParse({ dek_cache }).success);
    }
  });
});
