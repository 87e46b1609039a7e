/** One object of `seal-existing` or `unseal`: looked at, left as it is or stored anew in its place, and what its former version leaves. */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { Fault, type FaultCode } from "@s3eg/shared/faults.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { partCountOfEtag } from "@s3eg/shared/format/sizes.ts";
import { isLegacyCompanion } from "@s3eg/shared/legacy/legacy-manifest.ts";
import { legacyMetadataOf } from "@s3eg/shared/legacy/legacy-metadata.ts";
import { sealsUploads } from "../auth/policy.ts";
import { companionToDelete, deleteCompanions } from "../companions.ts";
import { changedSince } from "../copy/copied-source.ts";
import { retryIfChanged } from "../object-facts.ts";
import type { Rooms } from "../operations/operation.ts";
import { uncopiable } from "../rewrap/carried-settings.ts";
import type { CopyConditions } from "../rewrap/copy-conditions.ts";
import { placeOf, type S3Request } from "../s3-request.ts";
import { isDuplicateOfNewest } from "./former-duplicate.ts";
import { headObject } from "./head-object.ts";
import { type JobOutcome, OUTAGES } from "./job-parts.ts";
import { storeInPlace } from "./store-in-place.ts";

/** How objects are treated. */
export interface ReplaceWays {
  readonly job: "seal-existing" | "unseal";
  readonly rooms: Rooms;
  readonly honoured: CopyConditions;
  readonly isDry: boolean;
  readonly removesSuperseded: boolean;
}

/** What is no failure, but can't be done. */
const SKIPPED: Partial<Record<FaultCode, string>> = {
  "backend.changed": "keeps changing",
  "limit.metadata-too-large": "its metadata leave no room for the header",
  "limit.body-too-large": "too large for the backend once it is sealed",
};

/** Stores one object anew, and loses no write to it meanwhile. Throws outages only. */
export async function replaceObject(request: S3Request, ways: ReplaceWays): Promise<JobOutcome> {
  try {
    return await retryIfChanged(async () => {
      try {
        return await replaceFound(request, ways);
      } catch (error) {
        throw changedSince(error, {});
      }
    });
  } catch (error) {
    if (!(error instanceof Fault) || OUTAGES.has(error.code)) throw error;
    return outcomeOf(error);
  }
}

/** What a fault says of the object. */
export function outcomeOf({ code, details }: Fault): JobOutcome {
  const { s3Code, status } = details;
  const isRefusal = code === "backend.refused";
  // It was deleted while it was looked at: a write under a condition makes nothing there.
  if (isRefusal && status === 404) return { result: "gone" };
  const hasNoRoom = isRefusal && s3Code === "MetadataTooLarge";
  const reason = SKIPPED[hasNoRoom ? "limit.metadata-too-large" : code];
  if (reason !== undefined) return { result: "skipped", reason };
  const why = isRefusal && typeof s3Code === "string" ? `${code} ${s3Code}` : code;
  return { result: "failed", reason: why };
}

async function replaceFound(request: S3Request, ways: ReplaceWays): Promise<JobOutcome> {
  const { rooms, job } = ways;
  const asked = request.query.get("versionId");
  const response = await headObject(request, rooms.backend, asked);
  if (response.status === 404 || response.status === 405) return { result: "gone" };
  // A HEAD that needs the customer's key is answered 400 (S3 API, HeadObject).
  if (response.status === 400) return { result: "skipped", reason: "under a customer's key" };
  if (response.status !== 200) throw await backendFault(response);
  await response.text();
  const { headers } = response;
  const left = await leftAsItIs(request, ways, headers);
  if (left) return left;
  if (ways.isDry) return { result: "waiting" };
  const { bucket, key } = request;
  const versionId = headers["x-amz-version-id"];
  const isPinned = versionId !== undefined && versionId !== "null";
  const source = { bucket, key, place: placeOf(request), ...(isPinned ? { versionId } : {}) };
  const companion = await companionToDelete(request, rooms, source);
  const made = await storeInPlace(request, rooms, { source, headers, honoured: ways.honoured });
  if (companion !== undefined && made.versionId === undefined)
    await deleteCompanions(request, rooms, [companion]);
  const result = job === "unseal" ? "unsealed" : "sealed";
  if (made.versionId === undefined || made.versionId === "null") return { result };
  // What was there before the bucket had versions is its version `null`.
  const former = { versionId: versionId ?? "null", headers };
  return { result, ...(await superseded(request, ways, former)) };
}

/** What becomes of an object that nothing is to be done with. */
async function leftAsItIs(
  request: S3Request,
  ways: ReplaceWays,
  headers: HeaderFields,
): Promise<JobOutcome | undefined> {
  const isSealed = headers[HEADER_FIELD] !== undefined || legacyMetadataOf(headers) !== undefined;
  if (isLegacyCompanion(request.key, headers)) {
    return { result: "skipped", reason: "manifest of an object of format 1" };
  }
  if (isSealed === (ways.job === "seal-existing")) return { result: "current" };
  const versionId = request.query.get("versionId");
  if (versionId !== undefined) return await formerVersion(request, ways, { versionId, headers });
  const isUpload = (partCountOfEtag(headers.etag ?? "") ?? 1) > 1;
  if (ways.job === "seal-existing" && isUpload && !sealsUploads(request.policyOf(request.bucket))) {
    return { result: "skipped", reason: "policy stores uploads in parts as they are" };
  }
  const why = uncopiable(headers);
  return why === undefined ? undefined : { result: "skipped", reason: why };
}

interface Former {
  readonly versionId: string;
  readonly headers: HeaderFields;
}

/** A former version can't be replaced where it stands. It goes where the newest has its bytes: a job that was killed left it. */
async function formerVersion(
  request: S3Request,
  ways: ReplaceWays,
  former: Former,
): Promise<JobOutcome> {
  const what = ways.job === "unseal" ? "sealed" : "not sealed";
  const left = { result: "skipped", reason: `former version, ${what}` };
  if (!ways.removesSuperseded || ways.isDry) return left;
  if (!(await isDuplicateOfNewest(request, ways.rooms, former))) return left;
  const isRemoved = await removeVersion(request, ways.rooms, former.versionId);
  return isRemoved ? { result: "removed" } : { ...left, reason: `${left.reason}, not deleted` };
}

/** Deletes the version that the new one took the place of, where that is wished; otherwise what is left of it. */
async function superseded(
  request: S3Request,
  { rooms, removesSuperseded, job }: ReplaceWays,
  { versionId, headers }: Former,
): Promise<Pick<JobOutcome, "reason">> {
  const found = await headObject(request, rooms.backend, versionId);
  await found.text();
  const isLeft =
    found.status === 200 &&
    found.headers.etag === headers.etag &&
    found.headers[HEADER_FIELD] === headers[HEADER_FIELD];
  if (!isLeft) return {};
  const what = job === "unseal" ? "sealed" : "not sealed";
  if (!removesSuperseded) return { reason: `former version left, ${what}` };
  const isRemoved = await removeVersion(request, rooms, versionId);
  return isRemoved ? {} : { reason: `former version not deleted, ${what}` };
}

async function removeVersion(
  { bucket, key, id: requestId, signal }: S3Request,
  { backend }: Rooms,
  versionId: string,
): Promise<boolean> {
  const query = [["versionId", versionId]] as const;
  const response = await backend.send({ method: "DELETE", bucket, key, query, requestId, signal });
  await response.text();
  return response.status < 300;
}
