import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadConfig } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import {
  CacheSection,
  cacheLimitsOf,
  ListSizeSection,
  RateLimitSection,
  rateOf,
} from "../../src/config/traffic.ts";

const schema = z.strictObject({
  rate_limit: RateLimitSection,
  cache: CacheSection,
  list_size_translate: ListSizeSection,
});

describe("the sections of traffic", () => {
  it("have the defaults that users know", () => {
    assert.deepEqual(loadConfig(schema, { env: {} }), {
      rate_limit: { enabled: false, limit: 100, window: 60_000, by: "address", shared: true },
      cache: {
        enabled: false,
        max_size: 104_857_600,
        max_items: 1000,
        max_item_size: 1_048_576,
        default_ttl: 300_000,
      },
      list_size_translate: {
        enabled: true,
        fallback_head_enabled: false,
        fallback_head_concurrency: 10,
        fallback_head_timeout: 5000,
      },
    });
  });

  it("take every variable", () => {
    const env = {
      RATE_LIMIT_ENABLED: "1",
      RATE_LIMIT_REQUESTS: "5",
      RATE_LIMIT_WINDOW: "1s",
      RATE_LIMIT_BY: "credential",
      RATE_LIMIT_SHARED: "false",
      CACHE_ENABLED: "true",
      CACHE_MAX_SIZE: "1",
      CACHE_MAX_ITEMS: "2",
      CACHE_MAX_ITEM_SIZE: "4",
      CACHE_DEFAULT_TTL: "3s",
      LIST_SIZE_TRANSLATE_ENABLED: "false",
      LIST_SIZE_TRANSLATE_FALLBACK_HEAD_ENABLED: "true",
      LIST_SIZE_TRANSLATE_FALLBACK_HEAD_CONCURRENCY: "100",
      LIST_SIZE_TRANSLATE_FALLBACK_HEAD_TIMEOUT: "100ms",
    };
    const { rate_limit, cache, list_size_translate } = loadConfig(schema, { env });
    const rate = { limit: 5, by: "credential" };
    assert.deepEqual(rate_limit, { ...rate, enabled: true, window: 1000, shared: false });
    assert.deepEqual(rateOf(rate_limit), { ...rate, windowMs: 1000, isShared: false });
    assert.equal(rateOf({ ...rate_limit, enabled: false }), undefined);
    const limits = { maxBytes: 1, maxItems: 2, maxItemBytes: 4, ttlMs: 3000 };
    assert.deepEqual(cacheLimitsOf(cache), limits);
    for (const none of [{ enabled: false }, { max_size: 0 }, { max_items: 0 }]) {
      assert.equal(cacheLimitsOf({ ...cache, ...none }), undefined);
    }
    assert.deepEqual(Object.values(list_size_translate), [false, true, 100, 100]);
  });

  for (const [name, value] of [
    ["RATE_LIMIT_REQUESTS", "0"],
    ["RATE_LIMIT_WINDOW", "0s"],
    ["CACHE_MAX_SIZE", "-1"],
    ["CACHE_DEFAULT_TTL", "long"],
    ["LIST_SIZE_TRANSLATE_FALLBACK_HEAD_CONCURRENCY", "101"],
    ["LIST_SIZE_TRANSLATE_FALLBACK_HEAD_TIMEOUT", "61s"],
  ] as const) {
    it(`refuse ${name}=${value}`, () => {
      assert.throws(() => loadConfig(schema, { env: { [name]: value } }), new RegExp(name));
    });
  }
});
