/** `encryption.key_manager.dek_cache`, as crypto is told of it. */
import type { KeyManagerSection } from "./key-manager.ts";

const STANDARD_CLEAN_UP_MS = 60_000;

/** How long unwrapped data keys may be kept, in milliseconds; undefined where they are not. */
export function dataKeyCacheLimits({
  dek_cache,
}: Pick<KeyManagerSection, "dek_cache">):
  | { readonly ttlMs: number; readonly maxEntries: number; readonly cleanUpMs: number }
  | undefined {
  const { enabled, ttl, max_entries, cleanup_interval } = dek_cache;
  if (!enabled) return undefined;
  return {
    ttlMs: ttl,
    maxEntries: max_entries,
    cleanUpMs: cleanup_interval > 0 ? cleanup_interval : STANDARD_CLEAN_UP_MS,
  };
}
