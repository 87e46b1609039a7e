/** One object under the key version that writes now: its header is issued anew and copied onto it by the backend (format.md §9). */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { Fault, type FaultCode } from "@s3eg/shared/faults.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { isLegacyCompanion } from "@s3eg/shared/legacy/legacy-manifest.ts";
import { legacyMetadataOf } from "@s3eg/shared/legacy/legacy-metadata.ts";
import { changedSince, type FoundSource, headSource } from "../copy/copied-source.ts";
import { copiedTags } from "../copy/copied-tags.ts";
import type { CopySource } from "../copy/copy-source.ts";
import { copyInParts } from "../copy/multipart-copy.ts";
import { copyReissued } from "../copy/reissued-copy.ts";
import { sealedCopy } from "../copy/sealed-copy.ts";
import { OUTAGES } from "../jobs/job-parts.ts";
import { retryIfChanged } from "../object-facts.ts";
import { clientsHeaders, hasSealedMetadata } from "../object-metadata.ts";
import { isInParts, partsOf } from "../object-parts.ts";
import type { Rooms } from "../operations/operation.ts";
import { placeOf, type S3Request } from "../s3-request.ts";
import { carriedHeaders, grantHeaders, minimumTimeClass, uncopiable } from "./carried-settings.ts";
import type { CopyConditions } from "./copy-conditions.ts";
import { type CurrentKey, nameOf } from "./current-key.ts";
import { isLeftBehind } from "./former-version.ts";
import { type PendingTags, withPendingTags } from "./pending-tags.ts";

/** What became of an object. `waiting`: a dry run would have changed it. */
export interface RewrapOutcome {
  readonly result: "rewrapped" | "upgraded" | "current" | "waiting" | "gone" | "skipped" | "failed";
  /** Why it was skipped, or the fault code; the key version that it needs, where it stays under it. */
  readonly reason?: string;
  /** The key version that it, or a version of it, still needs, as `nameOf` names it; `?` where that could not be seen. */
  readonly needs?: string;
  /** A storage class that is paid for a minimum time. */
  readonly minimumTimeClass?: string;
}

/** Of an object that may need any key version. */
const UNKNOWN_NEED = "?";

/** How objects are treated. */
export interface RewrapWays {
  readonly rooms: Rooms;
  readonly current: CurrentKey;
  readonly conditions: CopyConditions;
  readonly pendingTags: PendingTags;
  /** Nothing is written. */
  readonly isDry: boolean;
  /** Objects of format 1 are opened and sealed as format 2. */
  readonly upgrades: boolean;
  /** Also what already names the version that writes: the store may have put another key behind that name. */
  readonly isForAll: boolean;
  /** The version that the new one took the place of is deleted, where the bucket has versions. */
  readonly removesSuperseded: boolean;
}

/** What is no failure, but can't be done. */
const SKIPPED: Partial<Record<FaultCode, string>> = {
  "backend.changed": "keeps changing",
  "limit.metadata-too-large": "its metadata leave no room for the header",
};

/** Brings one object under the key version that writes now, and loses no write to it meanwhile. Throws outages only. */
export async function rewrapObject(request: S3Request, ways: RewrapWays): Promise<RewrapOutcome> {
  try {
    return await retryIfChanged(async () => {
      try {
        return await rewrapFound(request, ways);
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
function outcomeOf({ code, details }: Fault): RewrapOutcome {
  const { s3Code } = details;
  const isRefusal = code === "backend.refused" && typeof s3Code === "string";
  const hasNoRoom = isRefusal && s3Code === "MetadataTooLarge";
  const reason = SKIPPED[hasNoRoom ? "limit.metadata-too-large" : code];
  if (reason !== undefined) return { result: "skipped", reason, needs: UNKNOWN_NEED };
  const why = isRefusal ? `${code} ${s3Code}` : code;
  return { result: "failed", reason: why, needs: UNKNOWN_NEED };
}

async function rewrapFound(request: S3Request, ways: RewrapWays): Promise<RewrapOutcome> {
  const { bucket, key, query } = request;
  const place = placeOf(request);
  const named = query.get("versionId");
  const asked = { bucket, key, place, ...(named === undefined ? {} : { versionId: named }) };
  const response = await headSource(request, asked, { rooms: ways.rooms, conditions: {} });
  if (response.status === 404 || response.status === 405) return { result: "gone" };
  // A HEAD that needs the customer's key is answered 400 (S3 API, HeadObject).
  if (response.status === 400) {
    return { result: "skipped", reason: "under a customer's key", needs: UNKNOWN_NEED };
  }
  if (response.status !== 200) throw await backendFault(response);
  await response.text();
  const { headers } = response;
  const isLegacy = headers[HEADER_FIELD] === undefined && legacyMetadataOf(headers) !== undefined;
  const left = await leftAsItIs(request, ways, { headers, isLegacy });
  if (left) return left;
  const versionId = headers["x-amz-version-id"];
  const isVersion = versionId !== undefined && versionId !== "null";
  const source = { bucket, key, place, ...(isVersion ? { versionId } : {}) };
  const found = { etag: headers.etag ?? "", headers };
  await replace(request, ways, { source, found, isLegacy });
  const reason = isVersion ? await superseded(request, ways, { versionId, headers }) : {};
  const result = isLegacy ? "upgraded" : "rewrapped";
  return { result, ...reason, ...warningOf(headers) };
}

/** What becomes of an object that nothing is to be done with. */
async function leftAsItIs(
  request: S3Request,
  { current, upgrades, isDry, isForAll }: RewrapWays,
  { headers, isLegacy }: { headers: HeaderFields; isLegacy: boolean },
): Promise<RewrapOutcome | undefined> {
  const header = headers[HEADER_FIELD];
  if (header === undefined && !isLegacy) return { result: "skipped", reason: "not sealed" };
  if (isLegacyCompanion(request.key, headers)) {
    return { result: "skipped", reason: "manifest of an object of format 1" };
  }
  if (isLegacy && !upgrades) return { result: "skipped", reason: FORMAT_1, needs: UNKNOWN_NEED };
  const mayBeCurrent = header !== undefined && !isForAll;
  if (mayBeCurrent && (await current.wraps(header, placeOf(request), request.id))) {
    return { result: "current" };
  }
  const needs = neededBy(headers);
  const isFormer = request.query.get("versionId") !== undefined;
  const why = isFormer ? "former version" : uncopiable(headers);
  if (why !== undefined)
    return { result: "skipped", reason: `${why}, under ${needs}`, ...needOf(needs) };
  return isDry
    ? { result: "waiting", reason: needs, ...needOf(needs), ...warningOf(headers) }
    : undefined;
}

const FORMAT_1 = "format 1";

/** The key version that an object needs. */
function neededBy(headers: HeaderFields): string {
  const header = headers[HEADER_FIELD];
  return header === undefined ? FORMAT_1 : nameOf(header);
}

/** What format 1 says of its key is not authenticated. */
function needOf(needs: string): { needs: string } {
  return { needs: needs === FORMAT_1 ? UNKNOWN_NEED : needs };
}

function warningOf(headers: HeaderFields): { minimumTimeClass?: string } {
  const storageClass = minimumTimeClass(headers);
  return storageClass === undefined ? {} : { minimumTimeClass: storageClass };
}

interface Replaced {
  readonly source: CopySource;
  readonly found: FoundSource;
  readonly isLegacy: boolean;
}

async function replace(
  request: S3Request,
  { rooms, conditions: honoured, pendingTags }: RewrapWays,
  { source, found, isLegacy }: Replaced,
): Promise<void> {
  const storing = await storedAgain(request, rooms, { source, found });
  const match = { "if-match": found.etag };
  if (isLegacy) {
    await sealedCopy(request, rooms, {
      source,
      reading: match,
      storing: { ...storing, ...(honoured.put ? match : {}) },
      sourceVersion: source.versionId,
    });
    return;
  }
  const header = found.headers[HEADER_FIELD] ?? "";
  const hidesMetadata = hasSealedMetadata(found.headers);
  const copying = { request, rooms, source, found, storing, hidesMetadata, facts: undefined };
  const tagging = storing["x-amz-tagging"];
  await withPendingTags(pendingTags, { key: request.key, header, tagging }, async () => {
    if (!isInParts(header)) {
      await copyReissued({ ...copying, conditions: honoured.target ? match : {} });
      return;
    }
    const { place, ...object } = source;
    const pinned = { ...object, etag: found.etag };
    const { facts, parts } = await partsOf(request, rooms, { object: pinned, place, headers: {} });
    const conditions = honoured.completion ? match : {};
    await copyInParts({ ...copying, facts, conditions }, parts);
  });
}

async function storedAgain(
  request: S3Request,
  rooms: Rooms,
  { source, found }: Omit<Replaced, "isLegacy">,
): Promise<HeaderFields> {
  const shown = await clientsHeaders(request, rooms, { ...source, headers: found.headers });
  return {
    ...carriedHeaders(shown, Date.now()),
    ...(await grantHeaders(request, source, rooms)),
    ...(await copiedTags(request, { source, found: found.headers, rooms })),
  };
}

/** Deletes the version that the new one took the place of, where that is wished; otherwise what is left of it. */
async function superseded(
  request: S3Request,
  { rooms, removesSuperseded }: RewrapWays,
  { versionId, headers }: { versionId: string; headers: HeaderFields },
): Promise<Pick<RewrapOutcome, "reason" | "needs">> {
  const former = { versionId, header: headers[HEADER_FIELD] };
  if (!(await isLeftBehind(request, rooms, former))) return {};
  const needs = neededBy(headers);
  if (!removesSuperseded)
    return { reason: `former version left, under ${needs}`, ...needOf(needs) };
  const { bucket, key, id: requestId, signal } = request;
  const query = [["versionId", versionId]] as const;
  const asked = { method: "DELETE", bucket, key, query, requestId, signal } as const;
  const response = await rooms.backend.send(asked);
  await response.text();
  if (response.status < 300) return {};
  return { reason: `former version not deleted, under ${needs}`, ...needOf(needs) };
}
