/** The cache of data keys in its surroundings: it hears of retired key versions, and is counted. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { versionRetired } from "@s3eg/shared/contracts/keys.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { DataKeyCache, type DataKeyCacheLimits } from "./data-key-cache.ts";
import type { DataKeyOptions } from "./data-keys.ts";

/** Opens a cache, which the caller disposes of. It forgets what was wrapped under a key version as soon as that is retired. */
export function openDataKeyCache(
  limits: DataKeyCacheLimits,
  { bus, metrics }: { bus: Bus; metrics: Metrics },
): { cache: DataKeyCache } & Pick<Required<DataKeyOptions>, "onLookUp"> {
  const cache = new DataKeyCache(limits);
  bus.subscribe(versionRetired, (version) => cache.forget(version));
  const hits = metrics.counter({
    name: "gateway_kms_dek_cache_hits_total",
    help: "Data keys that the cache had.",
    labels: ["provider"],
  });
  const misses = metrics.counter({
    name: "gateway_kms_dek_cache_misses_total",
    help: "Data keys that keys was asked for.",
    labels: ["provider"],
  });
  return {
    cache,
    onLookUp: ({ provider, isHit }) => (isHit ? hits : misses).add({ provider }),
  };
}
