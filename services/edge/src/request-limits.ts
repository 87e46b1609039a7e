/** How often a client may ask (settings `rate_limit`, and those of a bucket's policy): S3's `SlowDown` for who asks more often. */
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { type Rate, RateLimit } from "@s3eg/shared/runtime/rate-limit.ts";
import type { SharedRates } from "@s3eg/shared/runtime/shared-rate-limit.ts";
import type { Principal } from "./auth/credentials.ts";
import type { BucketPolicy } from "./auth/policy.ts";
import { s3Error } from "./s3/errors.ts";

/** A rate, and what counts as one client: an address, or a credential whose signature was right. */
export interface ClientRate extends Rate {
  readonly by: "address" | "credential";
  /** All replicas count together, where they have a Valkey to do it in. */
  readonly isShared?: boolean;
}

/** Who asks. Without a principal it is nobody, or somebody whose signature was wrong: then the address counts. */
interface Caller {
  readonly clientIp: string;
  readonly principal?: Principal | undefined;
}

/** Each throws `SlowDown` with `Retry-After` for a client that has used up what it may. */
export interface RequestLimits {
  /** A request whose head has come: nothing of it was looked at. */
  arrived(clientIp: string): Promise<void>;
  /** A request whose signature was looked at. */
  identified(caller: Caller): Promise<void>;
  /** A request into a bucket, which may have a limit of its own. */
  entered(policy: BucketPolicy, caller: Caller): Promise<void>;
}

/** Clients remembered of each limit: some 20 MB at most. */
const MAX_CLIENTS = 100_000;

/** Limits requests; `rate` is that of the whole port, absent for none. Without `shared` this process counts by itself. */
export function requestLimits(
  rate: ClientRate | undefined,
  { metrics, shared }: { metrics: Metrics; shared?: Pick<SharedRates, "take"> | undefined },
): RequestLimits {
  const refused = metrics.counter({
    name: "gateway_rate_limited_requests_total",
    help: "Requests refused because their client asks too often, by the limit that they met.",
    labels: ["limit"],
  });
  const ofPort = rate && new RateLimit({ maxClients: MAX_CLIENTS, ...rate });
  const ofPolicies = new WeakMap<BucketPolicy, RateLimit>();
  const take = async (
    limit: RateLimit,
    client: string,
    { name, own }: { name: string; own: ClientRate },
  ): Promise<void> => {
    const told = own.isShared ? await shared?.take(name, own, client) : undefined;
    const waitMs = told ?? (limit.take(client) ? 0 : limit.waitMs(client));
    if (waitMs === 0) return;
    refused.add({ limit: name });
    const seconds = Math.max(1, Math.ceil(waitMs / 1000));
    throw s3Error("SlowDown", { headers: { "retry-after": String(seconds) } });
  };
  const limitOf = (policy: BucketPolicy, own: ClientRate): RateLimit => {
    const limit = ofPolicies.get(policy) ?? new RateLimit({ maxClients: MAX_CLIENTS, ...own });
    ofPolicies.set(policy, limit);
    return limit;
  };
  return {
    async arrived(clientIp) {
      if (ofPort && rate.by === "address") {
        await take(ofPort, clientIp, { name: "server", own: rate });
      }
    },
    async identified(caller) {
      if (ofPort && rate.by === "credential") {
        await take(ofPort, clientOf(rate.by, caller), { name: "server", own: rate });
      }
    },
    async entered(policy, caller) {
      const { id, rate: own } = policy;
      if (own) await take(limitOf(policy, own), clientOf(own.by, caller), { name: id, own });
    },
  };
}

/** Who counts as one client. */
export function clientOf(by: ClientRate["by"], { clientIp, principal }: Caller): string {
  return by === "credential" && principal ? `credential ${principal.accessKey}` : clientIp;
}
