/** Settings of what stands between requests and their answers: `rate_limit`, `cache`, `list_size_translate`. */
import { durationMs } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import type { ClientRate } from "../request-limits.ts";
import type { CacheLimits } from "../response-cache.ts";

/** `rate_limit`: how many requests a client may make. */
export const RateLimitSection = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .meta({ env: "RATE_LIMIT_ENABLED" })
      .describe("answers clients that ask too often with SlowDown"),
    limit: z
      .int()
      .min(1)
      .default(100)
      .meta({ env: "RATE_LIMIT_REQUESTS" })
      .describe("requests per window and client, all at once or spread"),
    window: durationMs()
      .pipe(z.number().min(1))
      .prefault("60s")
      .meta({ env: "RATE_LIMIT_WINDOW" })
      .describe("length of the window"),
    by: z
      .enum(["address", "credential"])
      .default("address")
      .meta({ env: "RATE_LIMIT_BY" })
      .describe("what counts as one client; without a right signature it is the address"),
    shared: z
      .boolean()
      .default(true)
      .meta({ env: "RATE_LIMIT_SHARED" })
      .describe(
        "all replicas count together where Valkey is configured (multipart_state.valkey.addr); false: each by itself",
      ),
  })
  .prefault({});

/** The rate that such a section sets; absent where it sets none. */
export function rateOf(section: z.infer<typeof RateLimitSection>): ClientRate | undefined {
  const { enabled, limit, window, by, shared } = section;
  return enabled ? { limit, windowMs: window, by, isShared: shared } : undefined;
}

/** `cache`: answers kept in memory. */
export const CacheSection = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .meta({ env: "CACHE_ENABLED" })
      .describe(
        "keeps small objects that were read whole in memory, sealed; the backend is asked at every use whether they are still the ones",
      ),
    max_size: z
      .int()
      .min(0)
      .default(104_857_600)
      .meta({ env: "CACHE_MAX_SIZE" })
      .describe("bytes of all that is kept; 0: nothing is"),
    max_items: z
      .int()
      .min(0)
      .default(1000)
      .meta({ env: "CACHE_MAX_ITEMS" })
      .describe("number of objects that are kept; 0: none"),
    max_item_size: z
      .int()
      .min(0)
      .default(1_048_576)
      .meta({ env: "CACHE_MAX_ITEM_SIZE" })
      .describe("largest object in bytes that is kept"),
    default_ttl: durationMs()
      .prefault("5m")
      .meta({ env: "CACHE_DEFAULT_TTL" })
      .describe("how long one is used before it is read anew"),
  })
  .prefault({});

/** The bounds that such a section sets; absent where nothing is kept. */
export function cacheLimitsOf(section: z.infer<typeof CacheSection>): CacheLimits | undefined {
  const { enabled, max_size, max_items, max_item_size, default_ttl } = section;
  if (!enabled || max_size === 0 || max_items === 0) return undefined;
  return {
    maxBytes: max_size,
    maxItems: max_items,
    maxItemBytes: max_item_size,
    ttlMs: default_ttl,
  };
}

const ALWAYS = "no effect: listings always tell the size of the plaintext";

/** `list_size_translate`: sizes in listings. */
export const ListSizeSection = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .meta({ env: "LIST_SIZE_TRANSLATE_ENABLED" })
      .describe(ALWAYS),
    fallback_head_enabled: z
      .boolean()
      .default(false)
      .meta({ env: "LIST_SIZE_TRANSLATE_FALLBACK_HEAD_ENABLED" })
      .describe(ALWAYS),
    fallback_head_concurrency: z
      .int()
      .min(1)
      .max(100)
      .default(10)
      .meta({ env: "LIST_SIZE_TRANSLATE_FALLBACK_HEAD_CONCURRENCY" })
      .describe(ALWAYS),
    fallback_head_timeout: durationMs()
      .pipe(z.number().min(100).max(60_000))
      .prefault("5s")
      .meta({ env: "LIST_SIZE_TRANSLATE_FALLBACK_HEAD_TIMEOUT" })
      .describe(ALWAYS),
  })
  .prefault({});
