/** The front door as the settings make it: whom it lets in, and the rooms behind it. */
import { isDeepStrictEqual } from "node:util";
import { BodyTurns } from "@s3eg/shared/http/body-turns.ts";
import { LoopRounds } from "@s3eg/shared/runtime/loop-rounds.ts";
import { SigningKeyCache } from "@s3eg/shared/s3/sigv4.ts";
import { continuedPolicies } from "./auth/continued-policies.ts";
import { probeBackend } from "./backend-probe.ts";
import { cacheLimitsOf, rateOf } from "./config/traffic.ts";
import { partCopyMetrics } from "./copy/part-copy-metrics.ts";
import type { EdgeParts, EdgeRules } from "./edge-parts.ts";
import { MemoryFactsIndex } from "./facts-index.ts";
import type { FrontDoor } from "./handle-request.ts";
import { headerReissueOf } from "./header-reissue.ts";
import { answeredOperations } from "./inbox.ts";
import { listingMetrics } from "./listing-metrics.ts";
import { listingSizesOf } from "./listing-sizes.ts";
import { operationMatcher } from "./match-operation.ts";
import { knownObjectsOf } from "./object-facts.ts";
import { openResponseCache } from "./open-response-cache.ts";
import { requestLimits } from "./request-limits.ts";

/** Opens it; where a bucket to probe is set, once it is known what the backend honours. */
export async function openFrontDoor(parts: EdgeParts): Promise<FrontDoor> {
  const { config, bus, crypto, backend, session, log, metrics } = parts;
  const { needsEqualParts = false } = parts;
  const known = knownObjectsOf({ bus, session, index: new MemoryFactsIndex() });
  return {
    tracing: parts.tracing,
    authentication: {
      credentials: parts.credentials,
      clockSkewMs: config.auth.clock_skew_tolerance,
      signingKeys: new SigningKeyCache(),
      allowsV2: config.auth.allow_legacy_signature_v2,
      now: () => new Date(),
    },
    policies: parts.policies,
    match: operationMatcher(
      answeredOperations({ disablesUploads: config.server.disable_multipart_uploads }),
    ),
    proxiedBucket: config.proxied_bucket,
    isReadOnly: config.server.read_only,
    limits: requestLimits(rateOf(config.rate_limit), { metrics, shared: parts.sharedRates }),
    places: parts.places,
    turns: new BodyTurns(),
    rounds: new LoopRounds(),
    rooms: {
      backend,
      crypto,
      headers: headerReissueOf(bus, session),
      sizes: listingSizesOf({
        backend,
        known,
        needsEqualParts,
        measured: listingMetrics(metrics, parts),
      }),
      needsEqualParts,
      known,
      partCopies: partCopyMetrics(metrics),
      cache: openResponseCache(cacheLimitsOf(config.cache), { bus, metrics }),
      maxPartBytes: config.server.max_part_buffer,
      honoured: parts.probeBucket ? await probeBackend(backend, parts.probeBucket, log) : undefined,
    },
  };
}

/** The same rooms behind a door that goes by other rules. A limit that stays what it was goes on counting. */
export function changedDoor(
  door: FrontDoor,
  change: { before: EdgeRules; after: EdgeRules } & Pick<EdgeParts, "metrics" | "sharedRates">,
): FrontDoor {
  const { before, after, metrics, sharedRates: shared } = change;
  const { config, credentials } = after;
  const rate = rateOf(config.rate_limit);
  const isRateKept = isDeepStrictEqual(rate, rateOf(before.config.rate_limit));
  return {
    ...door,
    authentication: {
      ...door.authentication,
      credentials,
      clockSkewMs: config.auth.clock_skew_tolerance,
      allowsV2: config.auth.allow_legacy_signature_v2,
    },
    isReadOnly: config.server.read_only,
    policies: continuedPolicies(door.policies, after.policies),
    limits: isRateKept ? door.limits : requestLimits(rate, { metrics, shared }),
  };
}
