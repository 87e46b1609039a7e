/** What every job on a bucket works with: the rooms of an operation, and the requests that a client with every right would make. */
import { randomUUID } from "node:crypto";
import type { Backend } from "@s3eg/shared/backend/backend.ts";
import { versionQuery } from "@s3eg/shared/backend/version-query.ts";
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { Fault, type FaultCode } from "@s3eg/shared/faults.ts";
import type { TransferClient } from "@s3eg/shared/http/transfer.ts";
import type { AskerSession } from "@s3eg/shared/trust/asker.ts";
import type { BucketPolicy, Policies } from "../auth/policy.ts";
import { EVERYTHING } from "../auth/rights.ts";
import { MemoryFactsIndex } from "../facts-index.ts";
import { headerReissueOf } from "../header-reissue.ts";
import { listingSizesOf } from "../listing-sizes.ts";
import { knownObjectsOf } from "../object-facts.ts";
import type { Rooms } from "../operations/operation.ts";
import type { KnownPuts } from "../rewrap/copy-conditions.ts";
import type { ListedVersion } from "../rewrap/listed-versions.ts";
import { Query, type S3Request } from "../s3-request.ts";

/** What a job is given; all of it is the caller's to close. */
export interface JobParts {
  readonly backend: Backend;
  readonly bus: Bus;
  readonly crypto: TransferClient;
  /** Proves to keys and crypto who asks; absent where they are roles of this process. */
  readonly session?: AskerSession | undefined;
  readonly policies: Policies;
  readonly needsEqualParts?: boolean;
  /** What was found out of the backend, for jobs on many buckets. */
  readonly knownPuts?: KnownPuts;
  readonly signal: AbortSignal;
}

/** What became of an object. */
export interface JobOutcome {
  readonly result: string;
  /** Why it was left as it is, the fault code of a failure, or what is left of it. */
  readonly reason?: string;
}

/** What says nothing of an object: the job stops, and goes on from here when it is run again. */
export const OUTAGES: ReadonlySet<FaultCode> = new Set<FaultCode>([
  "backend.throttled",
  "backend.unavailable",
  "bus.no-responder",
  "bus.timeout",
  "bus.unavailable",
  "crypto.unavailable",
  "keys.denied",
  "keys.unavailable",
]);

/** The rooms of a job. */
export function jobRooms({ backend, bus, crypto, session, needsEqualParts = false }: JobParts) {
  const known = knownObjectsOf({ bus, session, index: new MemoryFactsIndex() });
  return {
    backend,
    crypto,
    known,
    headers: headerReissueOf(bus, session),
    sizes: listingSizesOf({ backend, known, needsEqualParts }),
    needsEqualParts,
  } satisfies Rooms;
}

/** Under which policies a job reads and writes; absent: as the bucket's own says. */
export interface JobPolicies {
  readonly reading?: BucketPolicy;
  readonly writing?: BucketPolicy;
}

/** The request that a client with every right would make. `name` is the job's, which is who asks. */
export function jobRequest(
  { policies, signal }: Pick<JobParts, "policies" | "signal">,
  { name, bucket, key, versionId }: ListedVersion & { name: string; bucket: string },
  { reading, writing }: JobPolicies = {},
): S3Request {
  const nobodyAsks = () => {
    throw new Fault("internal.bug", "a job has no request body and no URL");
  };
  return {
    id: `${name}-${randomUUID()}`,
    bucket,
    key,
    query: new Query(versionQuery(versionId)),
    headers: {},
    principal: { accessKey: name, rights: EVERYTHING },
    policy: writing ?? policies.of(bucket),
    policyOf: (other) => (other === bucket && reading ? reading : policies.of(other)),
    signal,
    url: nobodyAsks,
    plainBody: nobodyAsks,
    bytes: nobodyAsks,
  };
}
