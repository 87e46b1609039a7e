/** What jobs on buckets work with: a backend in memory that heeds If-Match, and stand-ins for crypto and keys. */
import type { BackendRequest } from "@s3eg/shared/backend/backend.ts";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { LocalTransfers } from "@s3eg/shared/http/local-transfer.ts";
import { Policies, type PolicyRule } from "../../src/auth/policy.ts";
import { type JobParts, type JobPolicies, jobRequest, jobRooms } from "../../src/jobs/job-parts.ts";
import { answer, MemoryBackend, refusal } from "../memory-backend.ts";
import { keptLog, STANDARD } from "../running-edge.ts";
import {
  headerFor,
  serveCrypto,
  serveDescriptions,
  serveKeys,
  storedBytes,
} from "../stand-in-services.ts";
import { serveUploads } from "../stand-in-uploads.ts";

/** The bucket of all tests. */
export const BUCKET = "photos";

/** What is there; `isHeeding: false`: the backend ignores conditions on writes. */
export function bucketJobs({
  rules = [],
  isHeeding = true,
}: {
  rules?: readonly PolicyRule[];
  isHeeding?: boolean;
} = {}) {
  const backend = new MemoryBackend();
  const log = keptLog();
  const bus = new MemoryBus({ log });
  const transfers = new LocalTransfers({ log });
  const crypto = serveCrypto(transfers, backend);
  const uploads = serveUploads(transfers);
  serveDescriptions(bus, backend);
  serveKeys(bus);
  const stop = new AbortController();
  /** Answers of a test's own, before those of the store. */
  const own: { intercept: MemoryBackend["intercept"] } = { intercept: () => undefined };
  backend.intercept = async (request) =>
    (await own.intercept(request)) ?? asStore(backend, request, isHeeding);
  const policies = new Policies(rules, STANDARD);
  const parts: JobParts = { backend, bus, crypto: transfers, policies, signal: stop.signal };
  const rooms = jobRooms(parts);
  return {
    ...{ backend, bus, crypto, uploads, parts, rooms, stop, own },
    requestOf: (key: string, under: JobPolicies = {}, versionId?: string) =>
      jobRequest(
        parts,
        { name: "test", bucket: BUCKET, key, ...(versionId === undefined ? {} : { versionId }) },
        under,
      ),
    /** Puts an object that is sealed. */
    putSealed: (key: string, text: string) =>
      backend.put(`${BUCKET}/${key}`, storedBytes(Buffer.from(text)), {
        [HEADER_FIELD]: headerFor(Buffer.byteLength(text), { bucket: BUCKET, key }),
      }),
  };
}

/** A policy of the bucket. */
export function rule(more: Partial<PolicyRule>): PolicyRule {
  return { ...STANDARD, id: "rule", buckets: [BUCKET], ...more };
}

function asStore(backend: MemoryBackend, request: BackendRequest, isHeeding: boolean) {
  const { method, bucket, key, headers = {}, query = [] } = request;
  const has = (name: string) => query.some(([known]) => known === name);
  if (method === "GET" && has("acl")) return refusal(501, "NotImplemented");
  const wanted = headers["if-match"];
  const found = backend.objects.get(`${bucket}/${key}`);
  const isWrite = method === "PUT" || method === "POST";
  if (isHeeding && isWrite && wanted !== undefined && wanted !== found?.etag) {
    return found ? refusal(412, "PreconditionFailed") : refusal(404, "NoSuchKey");
  }
  if (method === "POST") return answer(200, {}, "<R><UploadId>U</UploadId></R>");
  return has("uploadId") ? answer(200, { etag: '"part"' }) : undefined;
}
