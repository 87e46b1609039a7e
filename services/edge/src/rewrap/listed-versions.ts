/** The objects of a bucket as a job goes through them: page by page, with former versions where the bucket has any. */
import type { Backend } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import type { XmlElement } from "@s3eg/shared/s3/xml.ts";
import { parseBackendXml } from "../backend-xml.ts";
import { isCompanionName } from "../companions.ts";
import { keyReaderOf, listedEntries } from "../listed-keys.ts";

/** An object, or one of its former versions. */
export interface ListedVersion {
  readonly key: string;
  /** Of a former version alone: the newest one is asked for by its key. */
  readonly versionId?: string;
}

/** What a page ends with: where the next one begins. */
export interface Marker {
  readonly key: string;
  readonly versionId?: string | undefined;
}

/** Where to look, and behind what. */
export interface Listing {
  readonly bucket: string;
  readonly prefix: string;
  readonly after?: Marker | undefined;
  /** Most objects of a page; absent: a thousand. */
  readonly pageSize?: number | undefined;
}

type Query = (readonly [string, string])[];
const REQUEST_ID = "job";

/**
 * Pages of at most a thousand, each with the marker behind it. Companions of objects in parts are left out. Throws what the backend
 * refuses with, `backend.unavailable` for a listing that goes round in circles.
 */
export async function* listedVersions(
  backend: Backend,
  listing: Listing,
): AsyncGenerator<{ objects: ListedVersion[]; marker: Marker }> {
  const { bucket, prefix, pageSize = 1000 } = listing;
  const isVersioned = await hasVersions(backend, bucket);
  let after = listing.after;
  for (;;) {
    const query = isVersioned ? versionsQuery(after) : objectsQuery(after);
    const page = await ask(backend, bucket, [
      ...query,
      ["prefix", prefix],
      ["max-keys", `${pageSize}`],
    ]);
    const keyOf = keyReaderOf(page);
    const entries = listedEntries(page);
    const objects = entries
      .map((entry) => versionOf(entry, keyOf(entry)))
      .filter((one) => one !== undefined)
      .filter((one) => !isCompanionName(one.key));
    const last = entries.at(-1);
    if (!last) return;
    const marker = markerOf(last, { key: keyOf(last), isVersioned });
    if (isSame(marker, after)) {
      throw new Fault("backend.unavailable", "listing of the backend does not go on");
    }
    yield { objects, marker };
    if (page.textOf("IsTruncated") !== "true") return;
    after = marker;
  }
}

function markerOf(
  last: XmlElement,
  { key, isVersioned }: { key: string; isVersioned: boolean },
): Marker {
  return isVersioned ? { key, versionId: last.textOf("VersionId") } : { key };
}

function isSame(marker: Marker, after: Marker | undefined): boolean {
  return after?.key === marker.key && after.versionId === marker.versionId;
}

function versionOf(entry: XmlElement, key: string): ListedVersion | undefined {
  if (entry.name === "DeleteMarker") return undefined;
  const versionId = entry.textOf("VersionId");
  const isFormer = entry.name === "Version" && entry.textOf("IsLatest") !== "true";
  return isFormer && versionId !== undefined ? { key, versionId } : { key };
}

function objectsQuery(after: Marker | undefined): Query {
  const query: Query = [
    ["list-type", "2"],
    ["encoding-type", "url"],
  ];
  return after ? [...query, ["start-after", after.key]] : query;
}

function versionsQuery(after: Marker | undefined): Query {
  const query: Query = [
    ["versions", ""],
    ["encoding-type", "url"],
  ];
  if (!after) return query;
  const { key, versionId } = after;
  return [
    ...query,
    ["key-marker", key],
    ...(versionId === undefined ? [] : [["version-id-marker", versionId] as const]),
  ];
}

async function hasVersions(backend: Backend, bucket: string): Promise<boolean> {
  const query = [["versioning", ""]] as const;
  const response = await backend.send({ method: "GET", bucket, query, requestId: REQUEST_ID });
  const text = await response.text();
  // A backend that does not know the question has no versions (501, S3 API).
  return response.status === 200 && parseBackendXml(text).textOf("Status") !== undefined;
}

async function ask(backend: Backend, bucket: string, query: Query): Promise<XmlElement> {
  const response = await backend.send({ method: "GET", bucket, query, requestId: REQUEST_ID });
  if (response.status !== 200) throw await backendFault(response);
  return parseBackendXml(await response.text());
}
