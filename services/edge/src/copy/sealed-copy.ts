/**
 * A copy whose bytes have to pass: of an object that is not sealed, where the source's policy lets it be read, into a bucket that seals,
 * of any object into one that does not (format.md §12), or into one whose policy names another key, so that no data key is wrapped under
 * keys of two tenants (§9). Opened and sealed on its way, never held whole.
 */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import {
  type ChecksumName,
  openObject,
  type PlaintextFacts,
  sealObject,
} from "@s3eg/shared/contracts/crypto.ts";
import type { Body } from "@s3eg/shared/http/body.ts";
import { type BodyCheck, checkedBody, createDigest } from "@s3eg/shared/s3/checksums.ts";
import { hidesMetadata, sealsObjects, wishOf } from "../auth/policy.ts";
import type { Rooms, S3Answer } from "../operations/operation.ts";
import { plainFacts } from "../plain-facts.ts";
import { namedAlgorithm } from "../s3/checksum-headers.ts";
import { copyResult } from "../s3/copy-result.ts";
import { answerHeaders } from "../s3/headers.ts";
import { DEFAULT_CHECKSUM } from "../s3/upload-checksum.ts";
import { identityOf, placeOf, type S3Request, targetOf } from "../s3-request.ts";
import { shownEtag } from "../shown-etag.ts";
import type { CopySource } from "./copy-source.ts";

/** What is copied and how. */
export interface PlainCopy {
  readonly source: CopySource;
  /** Header fields for reading exactly the object that was looked at. */
  readonly reading: HeaderFields;
  /** Header fields to store and conditions on the destination. */
  readonly storing: HeaderFields;
  /** The version that was read, where the backend has versions. */
  readonly sourceVersion: string | undefined;
  /** The source's checksum algorithm, which the copy keeps where the client names no other. */
  readonly algorithm?: ChecksumName | undefined;
}

/** Seals the copy. Throws the faults of crypto. */
export async function sealedCopy(
  request: S3Request,
  rooms: Rooms,
  { source, reading, storing, sourceVersion, algorithm }: PlainCopy,
): Promise<S3Answer> {
  const options = { requestId: request.id, signal: request.signal };
  const { bucket, key, versionId, place } = source;
  const version = versionId === undefined ? {} : { versionId };
  const opening = {
    target: { bucket, key, ...version, ...identityOf(request) },
    place,
    contents: request.policyOf(bucket).contents,
    headers: reading,
    query: [],
  };
  const { result, body } = await rooms.crypto.download(openObject, opening, options);
  const head = {
    target: targetOf(request),
    place: placeOf(request),
    suite: request.policy.suite,
    size: result.size,
    headers: storing,
    ...(sealsObjects(request.policy) ? {} : { isSealed: false }),
    ...(hidesMetadata(request.policy) ? { sealsMetadata: true } : {}),
    ...wishOf(request.policy),
  };
  const { body: read, facts } = learning(body, result.size, { ...request, algorithm });
  const sending = { head, body: read, tail: facts };
  const stored = await rooms.crypto.upload(sealObject, sending, options);
  const { md5, checksum } = facts();
  const { etag } = stored;
  const { size } = result;
  const known = sealsObjects(request.policy)
    ? { size, isSealed: true, etag: md5, checksum }
    : plainFacts({ etag, size });
  rooms.known.learn({ bucket: request.bucket, key: request.key, etag }, known);
  const copied = {
    lastModified: new Date(stored.headers.date ?? Date.now()).toISOString(),
    etag: shownEtag(request.policy, etag, known),
    checksum: known.checksum,
  };
  const { etag: _, ...headers } = answerHeaders(stored.headers);
  return {
    status: 200,
    wrappedUnder: stored.wrappedUnder,
    headers: {
      ...headers,
      "content-type": "application/xml",
      ...(sourceVersion === undefined ? {} : { "x-amz-copy-source-version-id": sourceVersion }),
    },
    body: copyResult(copied),
  };
}

/** The same body, and what the policy or the client wants to be known of it. */
function learning(
  body: Body,
  sizeBytes: number,
  {
    policy,
    headers,
    algorithm: kept,
  }: Pick<S3Request, "policy" | "headers"> & Pick<PlainCopy, "algorithm">,
): { body: Body; facts(): PlaintextFacts } {
  const facts: { md5?: string; checksum?: PlaintextFacts["checksum"] } = {};
  const checks: BodyCheck[] = [];
  if (policy.etag === "md5") {
    const verify = (md5: Buffer) => {
      facts.md5 = md5.toString("hex");
    };
    checks.push({ digest: createDigest("md5"), verify });
  }
  const standard = policy.checksum === "always" ? DEFAULT_CHECKSUM.algorithm : undefined;
  const algorithm = namedAlgorithm(headers, "x-amz-checksum-algorithm") ?? kept ?? standard;
  if (algorithm !== undefined) {
    const verify = (sum: Buffer) => {
      facts.checksum = { algorithm, type: "FULL_OBJECT", value: sum.toString("base64") };
    };
    checks.push({ digest: createDigest(algorithm), verify });
  }
  return { body: checkedBody(body, checks, sizeBytes), facts: () => facts };
}
