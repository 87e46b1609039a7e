import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cacheNameOf, DataKeyCache } from "../src/data-key-cache.ts";

const LIMITS = { ttlMs: 1000, maxEntries: 2, cleanUpMs: 60_000 };
const V1 = { provider: "aes", keyId: "aes", keyVersion: 1 } as const;
const V2 = { ...V1, keyVersion: 2 };

describe("the cache of data keys", () => {
  it("gives out copies, as long as they are good", () => {
    let now = 0;
    using cache = new DataKeyCache(LIMITS, () => now);
    const dataKey = Buffer.alloc(32, 7);
    cache.put("a", dataKey, { wrappedUnder: V1, generation: cache.generation });
    dataKey.fill(0);
    const given = cache.get("a");
    assert.deepEqual(given, Buffer.alloc(32, 7));
    given?.fill(0);
    assert.deepEqual(cache.get("a"), Buffer.alloc(32, 7));
    now = 1000;
    assert.equal(cache.get("a"), undefined);
    assert.equal(cache.size, 0);
  });

  it("drops what was used longest ago when it is full, and what is over when it cleans up", () => {
    let now = 0;
    using cache = new DataKeyCache(LIMITS, () => now);
    const put = (name: string) =>
      cache.put(name, Buffer.alloc(32), { wrappedUnder: V1, generation: cache.generation });
    put("a");
    put("b");
    cache.get("a");
    put("c");
    assert.equal(cache.get("b"), undefined);
    assert.ok(cache.get("a") && cache.get("c"));
    now = 5000;
    cache.cleanUp();
    assert.equal(cache.size, 0);
  });

  it("forgets a version that was retired, and keeps nothing that was asked for before", () => {
    using cache = new DataKeyCache(LIMITS);
    const { generation } = cache;
    cache.put("a", Buffer.alloc(32), { wrappedUnder: V1, generation });
    cache.put("b", Buffer.alloc(32), { wrappedUnder: V2, generation });
    cache.forget(V1);
    assert.deepEqual([cache.get("a"), cache.get("b")?.byteLength], [undefined, 32]);
    cache.put("c", Buffer.alloc(32), { wrappedUnder: V1, generation });
    assert.equal(cache.get("c"), undefined);
  });

  it("overwrites what leaves", (t) => {
    const cache = new DataKeyCache(LIMITS);
    const alloc = t.mock.method(Buffer, "alloc");
    cache.put(
      "a",
      Uint8Array.from({ length: 32 }, () => 7),
      {
        wrappedUnder: V1,
        generation: cache.generation,
      },
    );
    const own = alloc.mock.calls[0]?.result;
    assert.ok(own);
    assert.ok(own.every((byte) => byte === 7));
    cache[Symbol.dispose]();
    assert.ok(own.every((byte) => byte === 0));
    assert.equal(cache.size, 0);
  });
});

describe("the name of a data key", () => {
  it("is another for another header or place, however they are put together", () => {
    const names = [
      cacheNameOf("h", { bucket: "b", key: "k" }),
      cacheNameOf("hb", { bucket: "", key: "k" }),
      cacheNameOf("h", { bucket: "bk", key: "" }),
      cacheNameOf("h", { bucket: "", key: "bk" }),
    ];
    assert.equal(new Set(names).size, names.length);
  });
});
