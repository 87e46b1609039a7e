/** PutObject. The body passes edge → crypto → backend once and is never held whole. */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import {
  type ObjectFacts,
  type PlaintextFacts,
  sealObject,
} from "@s3eg/shared/contracts/crypto.ts";
import { hidesMetadata, sealsObjects, wishOf } from "../auth/policy.ts";
import { checkObjectSize } from "../auth/policy-guard.ts";
import { awaitedContinue } from "../awaited-continue.ts";
import { checkHonoured } from "../backend-probe.ts";
import { hasCustomerKey } from "../object-facts.ts";
import { plainFacts } from "../plain-facts.ts";
import { checksumHeaders } from "../s3/checksum-headers.ts";
import { s3Error } from "../s3/errors.ts";
import { answerHeaders, storedHeaders } from "../s3/headers.ts";
import { placeOf, type S3Request, targetOf } from "../s3-request.ts";
import { conditionsOf, shownEtag } from "../shown-etag.ts";
import type { Operation, Rooms } from "./operation.ts";

export const putObject: Operation = {
  name: "PutObject",
  method: "PUT",
  level: "object",
  async run(request, rooms) {
    refuseVersion(request);
    checkHonoured(request, rooms.honoured, "PUT");
    const stored = storedHeaders(request.headers);
    const headers = {
      ...stored,
      ...awaitedContinue(request),
      ...(await conditionsOf(request, rooms)),
    };
    const { body, sizeBytes, facts } = request.plainBody();
    checkObjectSize(request.policy, sizeBytes);
    const head = {
      target: targetOf(request),
      place: placeOf(request),
      suite: request.policy.suite,
      size: sizeBytes,
      headers,
      ...(sealsObjects(request.policy) ? {} : { isSealed: false }),
      ...(hidesMetadata(request.policy) ? { sealsMetadata: true } : {}),
      ...wishOf(request.policy),
    };
    const sending = { head, body, tail: facts };
    const options = { requestId: request.id, signal: request.signal };
    const result = await rooms.crypto.upload(sealObject, sending, options);
    const known = learn(request, rooms, { etag: result.etag, size: sizeBytes, facts: facts() });
    return {
      status: 200,
      wrappedUnder: result.wrappedUnder,
      headers: {
        ...answerHeaders(result.headers),
        ...plaintextSize(result.headers, sizeBytes),
        ...checksumHeaders(known.checksum),
        etag: shownEtag(request.policy, result.etag, known),
      },
    };
  },
};

/** Some backends tell the size that was stored; a client is told its own (S3 API, PutObject: `x-amz-object-size`). */
function plaintextSize(told: HeaderFields, sizeBytes: number): HeaderFields {
  return told["x-amz-object-size"] === undefined ? {} : { "x-amz-object-size": `${sizeBytes}` };
}

/** Remembers what the body told, so that nobody has to look it up. */
function learn(
  { bucket, key, headers, policy }: S3Request,
  { known }: Rooms,
  stored: { etag: string; size: number; facts: PlaintextFacts },
): ObjectFacts {
  const { etag, size } = stored;
  if (!sealsObjects(policy)) return plainFacts(stored);
  const { md5, checksum } = stored.facts;
  const facts = { size, isSealed: true, checksum };
  // Listings can't read what is under a customer's key, and an object has one ETag everywhere.
  if (hasCustomerKey(headers)) return facts;
  const told = { ...facts, etag: md5 };
  known.learn({ bucket, key, etag }, told);
  return told;
}

/** A version is the backend's to number (S3 API, PutObject). */
function refuseVersion({ query }: S3Request): void {
  if (query.get("versionId") === undefined) return;
  throw s3Error("InvalidArgument", {
    message: "This operation does not accept a version-id.",
    fields: { ArgumentName: "versionId" },
  });
}
