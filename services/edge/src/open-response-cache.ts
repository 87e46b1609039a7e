/** The response cache in its surroundings: what it keeps may have been sealed under a key version that is retired. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { versionRetired } from "@s3eg/shared/contracts/keys.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { type CacheLimits, ResponseCache } from "./response-cache.ts";

/** Opens it where there are limits for one. It forgets everything when a key version is retired: what that sealed is not to be read. */
export function openResponseCache(
  limits: CacheLimits | undefined,
  { bus, metrics }: { bus: Bus; metrics: Metrics },
): ResponseCache | undefined {
  if (!limits) return undefined;
  const cache = new ResponseCache(limits, metrics);
  bus.subscribe(versionRetired, () => cache.clear());
  return cache;
}
