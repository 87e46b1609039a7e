import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bodyOfBytes, bodyOfPieces, collectBody } from "@s3eg/shared/http/body.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { type CacheLimits, ResponseCache } from "../src/response-cache.ts";

const LIMITS = { maxBytes: 100_000, maxItems: 10, maxItemBytes: 50_000, ttlMs: 1000 };

function cacheOf(limits: Partial<CacheLimits> = {}) {
  const clock = { ms: 0 };
  const metrics = createMetrics();
  const cache = new ResponseCache({ ...LIMITS, ...limits }, metrics, () => clock.ms);
  return { cache, clock, metrics };
}

const bytesOf = (size: number) => Buffer.alloc(size, "x");
const all = (size: number) => ({ offset: 0, length: size });

/** Reads a body of `size` bytes through the cache, to its end. */
async function fill(
  cache: ResponseCache,
  name: string,
  { size, pin = "1" }: { size: number; pin?: string },
) {
  const body = cache.keeping(name, { pin, size }, bodyOfBytes(bytesOf(size)));
  assert.equal((await collectBody(body, size, () => new Error("more"))).byteLength, size);
}

const isKept = (cache: ResponseCache, name: string) => cache.find(name) !== undefined;

describe("a response cache", () => {
  it("gives back what passed through it, with the pin it had", async () => {
    const { cache } = cacheOf();
    await fill(cache, "a", { size: 1000, pin: "pin" });
    const kept = cache.find("a");
    assert.deepEqual([kept?.pin, kept?.size], ["pin", 1000]);
    const body = kept && cache.take("a", kept, { offset: 10, length: 20 });
    assert.ok(body);
    assert.deepEqual(await collectBody(body, 20, () => new Error("more")), bytesOf(20));
    assert.equal(cache.find("b"), undefined);
  });

  it("keeps nothing of a body that did not pass whole", async () => {
    const { cache } = cacheOf();
    const failing = bodyOfPieces(
      (function* () {
        yield bytesOf(10);
        throw new Error("broken");
      })(),
    );
    await assert.rejects(cache.keeping("a", { pin: "1", size: 20 }, failing).pump(() => undefined));
    cache.keeping("b", { pin: "1", size: 20 }, bodyOfBytes(bytesOf(20))).destroy();
    assert.deepEqual([isKept(cache, "a"), isKept(cache, "b")], [false, false]);
    // What was reserved for them is free again.
    for (const name of ["c", "d"]) await fill(cache, name, { size: 49_000 });
    assert.deepEqual([isKept(cache, "c"), isKept(cache, "d")], [true, true]);
  });

  it("drops what was not used for longest: beyond max_size and max_items", async () => {
    for (const limits of [{ maxBytes: 3 * 11_000 }, { maxItems: 3 }]) {
      const { cache, metrics } = cacheOf(limits);
      for (const name of ["a", "b", "c"]) await fill(cache, name, { size: 10_000 });
      const used = cache.find("a");
      assert.ok(used && cache.take("a", used, all(10_000)));
      await fill(cache, "d", { size: 10_000 });
      assert.deepEqual(
        ["a", "b", "c", "d"].filter((name) => isKept(cache, name)),
        ["a", "c", "d"],
      );
      assert.match(await metrics.text(), /^gateway_cache_evictions_total 1$/m);
      assert.match(await metrics.text(), /^gateway_cache_items 3$/m);
    }
  });

  it("never holds more than max_size, what is being read included", async () => {
    const { cache, metrics } = cacheOf();
    const bodies = Array.from({ length: 5 }, (_, at) =>
      cache.keeping(`${at}`, { pin: "1", size: 40_000 }, bodyOfBytes(bytesOf(40_000))),
    );
    const held = /^gateway_cache_bytes (\d+)$/m.exec(await metrics.text());
    assert.ok(Number(held?.[1]) > 80_000 && Number(held?.[1]) <= LIMITS.maxBytes);
    await Promise.all(bodies.map((body) => body.pump(() => undefined)));
    assert.deepEqual(
      bodies.map((_, at) => isKept(cache, `${at}`)),
      [true, true, false, false, false],
    );
  });

  it("keeps nothing larger than max_item_size", async () => {
    const { cache } = cacheOf();
    await fill(cache, "a", { size: 50_000 });
    await fill(cache, "b", { size: 50_001 });
    assert.deepEqual([isKept(cache, "a"), isKept(cache, "b")], [true, false]);
  });

  it("uses nothing for longer than default_ttl", async () => {
    const { cache, clock } = cacheOf();
    await fill(cache, "a", { size: 10 });
    clock.ms = 999;
    assert.equal(isKept(cache, "a"), true);
    clock.ms = 1000;
    assert.equal(isKept(cache, "a"), false);
  });

  it("forgets what it is told to, and does not keep what was under way then", async () => {
    const { cache } = cacheOf();
    await fill(cache, "a", { size: 10 });
    const kept = cache.find("a");
    const underWay = cache.keeping("b", { pin: "1", size: 10 }, bodyOfBytes(bytesOf(10)));
    cache.clear();
    await underWay.pump(() => undefined);
    assert.deepEqual([isKept(cache, "a"), isKept(cache, "b")], [false, false]);
    assert.equal(kept && cache.take("a", kept, all(10)), undefined);
    await fill(cache, "a", { size: 10, pin: "2" });
    // Somebody has read the next object in the meantime: that one stays.
    if (kept) cache.forget("a", kept);
    assert.equal(cache.find("a")?.pin, "2");
  });
});
