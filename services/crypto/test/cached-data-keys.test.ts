import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { versionRetired } from "@s3eg/shared/contracts/keys.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { openDataKeyCache } from "../src/cached-data-keys.ts";
import { KeptLog } from "./stand-in-keys.ts";

const LIMITS = { ttlMs: 60_000, maxEntries: 2, cleanUpMs: 60_000 };
const V1 = { provider: "aes", keyId: "aes", keyVersion: 1 } as const;

describe("a cache of data keys on the bus", () => {
  it("forgets a version when keys announces that it is retired", async () => {
    const bus = new MemoryBus({ log: new KeptLog() });
    const { cache } = openDataKeyCache(LIMITS, { bus, metrics: createMetrics() });
    using _ = cache;
    cache.put("a", Buffer.alloc(32), { wrappedUnder: V1, generation: cache.generation });
    await bus.publish(versionRetired, { ...V1, keyVersion: 2 });
    await bus.drain();
    assert.equal(cache.size, 1);
    const other = new MemoryBus({ log: new KeptLog() });
    const second = openDataKeyCache(LIMITS, { bus: other, metrics: createMetrics() }).cache;
    using __ = second;
    second.put("a", Buffer.alloc(32), { wrappedUnder: V1, generation: second.generation });
    await other.publish(versionRetired, V1);
    await other.drain();
    assert.equal(second.size, 0);
  });

  it("counts what it had and what it had not", async () => {
    const metrics = createMetrics();
    const bus = new MemoryBus({ log: new KeptLog() });
    const { cache, onLookUp } = openDataKeyCache(LIMITS, { bus, metrics });
    using _ = cache;
    onLookUp({ provider: "aes", isHit: true });
    onLookUp({ provider: "aes", isHit: false });
    const text = await metrics.text();
    assert.match(text, /^gateway_kms_dek_cache_hits_total\{provider="aes"\} 1$/m);
    assert.match(text, /^gateway_kms_dek_cache_misses_total\{provider="aes"\} 1$/m);
  });
});
