/** The re-wrap job: every object of a bucket under the key version that writes now, at a limited pace, from where it was interrupted. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Backend } from "@s3eg/shared/backend/backend.ts";
import { versionQuery } from "@s3eg/shared/backend/version-query.ts";
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import type { TransferClient } from "@s3eg/shared/http/transfer.ts";
import { atMost } from "@s3eg/shared/runtime/at-most.ts";
import { type Policies, wishOf } from "../auth/policy.ts";
import { EVERYTHING } from "../auth/rights.ts";
import { MemoryFactsIndex } from "../facts-index.ts";
import { headerReissueOf } from "../header-reissue.ts";
import { listingSizesOf } from "../listing-sizes.ts";
import { knownObjectsOf } from "../object-facts.ts";
import { Query, type S3Request } from "../s3-request.ts";
import { type CopyConditions, probeCopies } from "./copy-conditions.ts";
import { CurrentKey } from "./current-key.ts";
import { type ListedVersion, listedVersions, type Marker } from "./listed-versions.ts";
import { finishTags, type PendingTags } from "./pending-tags.ts";
import { type RewrapOutcome, type RewrapWays, rewrapObject } from "./rewrap-object.ts";

/** What the job works with; all of it is the caller's to close. */
export interface RewrapParts {
  readonly backend: Backend;
  readonly bus: Bus;
  readonly crypto: TransferClient;
  readonly policies: Policies;
  readonly needsEqualParts?: boolean;
  readonly signal: AbortSignal;
}

/** What is to be done. */
export interface RewrapWish {
  readonly bucket: string;
  readonly prefix: string;
  /** Behind which object to begin: where a former run came to. */
  readonly after?: Marker | undefined;
  readonly isDry: boolean;
  readonly upgrades: boolean;
  readonly isForAll: boolean;
  readonly removesSuperseded: boolean;
  /** Nobody writes meanwhile, as the operator says: a backend need not honour conditions on what a copy overwrites. */
  readonly hasNoWriters: boolean;
  /** Objects looked at per second. */
  readonly perSecond: number;
  /** Of this bucket. */
  readonly pendingTags: PendingTags;
}

/** What became of a page of objects, and where the next one begins. */
export interface RewrapPage {
  readonly outcomes: readonly (RewrapOutcome & ListedVersion)[];
  readonly marker: Marker;
}

/** Objects under way at once: the backend does the work, and has other clients. */
const AT_ONCE = 8;

/**
 * Goes through a bucket. What a page tells is done for good: whoever keeps its marker goes on behind it. Throws `input.invalid`
 * where the backend ignores the conditions without which a write could be lost, and outages; no object is left half done.
 */
export async function* rewrapBucket(
  parts: RewrapParts,
  wish: RewrapWish,
): AsyncGenerator<RewrapPage> {
  const { backend, bus, signal, needsEqualParts = false } = parts;
  const { bucket, prefix, after, isDry } = wish;
  const conditions = isDry ? NONE : await probeCopies(backend, bucket);
  if (!isDry) refuseUnsafe(conditions, wish);
  const known = knownObjectsOf({ bus, session: undefined, index: new MemoryFactsIndex() });
  const headers = headerReissueOf(bus, undefined);
  const rooms = {
    backend,
    crypto: parts.crypto,
    headers,
    known,
    sizes: listingSizesOf({ backend, known, needsEqualParts }),
    needsEqualParts,
  };
  const current = new CurrentKey(headers, wishOf(parts.policies.of(bucket)), Date.now);
  const ways: RewrapWays = { ...wish, rooms, current, conditions };
  const pace = paceOf(wish.perSecond, signal);
  if (!isDry) {
    const requestOf = (key: string) => requestFor(parts, { bucket, key });
    await finishTags(wish.pendingTags, { rooms, requestOf });
  }
  for await (const { objects, marker } of listedVersions(backend, { bucket, prefix, after })) {
    const outcomes = await atMost(AT_ONCE, objects, async (object) => {
      await pace();
      signal.throwIfAborted();
      const request = requestFor(parts, { bucket, ...object });
      return { ...object, ...(await rewrapObject(request, ways)) };
    });
    yield { outcomes, marker };
  }
}

const NONE: CopyConditions = { source: false, target: false, completion: false, put: false };

function refuseUnsafe({ source, target, completion, put }: CopyConditions, wish: RewrapWish): void {
  if (!source) {
    throw new Fault(
      "input.invalid",
      "the backend ignores x-amz-copy-source-if-match: nothing is re-wrapped in place there",
    );
  }
  const isSafe = target && completion && (put || !wish.upgrades);
  if (isSafe || wish.hasNoWriters) return;
  throw new Fault(
    "input.invalid",
    "the backend ignores If-Match on what a copy overwrites: a write at the same moment could be lost. Stop the writers and say so with --no-writers",
  );
}

/** Resolves when the next object is due. */
function paceOf(perSecond: number, signal: AbortSignal): () => Promise<void> {
  let dueMs = Date.now();
  return async () => {
    const now = Date.now();
    dueMs = Math.max(dueMs, now) + 1000 / perSecond;
    const waitMs = dueMs - 1000 / perSecond - now;
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
  };
}

/** The request that a client with every right would make. */
function requestFor(
  { policies, signal }: RewrapParts,
  { bucket, key, versionId }: ListedVersion & { readonly bucket: string },
): S3Request {
  const nobodyAsks = () => {
    throw new Fault("internal.bug", "a re-wrap has no request body and no URL");
  };
  return {
    id: `rewrap-${randomUUID()}`,
    bucket,
    key,
    query: new Query(versionQuery(versionId)),
    headers: {},
    principal: { accessKey: "rewrap", rights: EVERYTHING },
    policy: policies.of(bucket),
    policyOf: (name) => policies.of(name),
    signal,
    url: nobodyAsks,
    plainBody: nobodyAsks,
    bytes: nobodyAsks,
  };
}
