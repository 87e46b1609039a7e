/** Settings of what stands between requests and their answers: `rate_limit`, `cache`, `list_size_translate`. */
import { durationMs } from "@s3eg/shared/runtime/config.ts";
import { NOT_YET } from "@s3eg/shared/runtime/without-effect.ts";
import { z } from "zod";
import type { ClientRate } from "../request-limits.ts";

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
  })
  .prefault({});

/** The rate that such a section sets; absent where it sets none. */
export function rateOf(section: z.infer<typeof RateLimitSection>): ClientRate | undefined {
  const { enabled, limit, window, by } = section;
  return enabled ? { limit, windowMs: window, by } : undefined;
}

/** `cache`: answers kept in memory. */
export const CacheSection = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .meta({ env: "CACHE_ENABLED" })
      .describe(`${NOT_YET}: keeps answers in memory`),
    max_size: z
      .int()
      .min(0)
      .default(104_857_600)
      .meta({ env: "CACHE_MAX_SIZE" })
      .describe(`${NOT_YET}: bytes of all answers together`),
    max_items: z
      .int()
      .min(0)
      .default(1000)
      .meta({ env: "CACHE_MAX_ITEMS" })
      .describe(`${NOT_YET}: number of answers`),
    default_ttl: durationMs()
      .prefault("5m")
      .meta({ env: "CACHE_DEFAULT_TTL" })
      .describe(`${NOT_YET}: how long an answer is kept`),
  })
  .prefault({});

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
