/** Companion manifests whose object is gone or was overwritten: found by name, proven by the headers of all versions there are. */
import type { Backend } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { companionOwnerOf, markOf } from "@s3eg/shared/format/companion.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { parseXml, type XmlElement } from "@s3eg/shared/s3/xml.ts";
import type { GarbageRooms } from "./garbage.ts";

/** A companion that belongs to nothing. */
export interface OrphanCompanion {
  readonly bucket: string;
  readonly key: string;
  readonly modifiedAtMs: number;
}

const REQUEST_ID = "orphans";
type Query = readonly (readonly [string, string])[];

/**
 * Companions in a bucket that were written `olderThanMs` ago or earlier (one is written before its object is) and belong to no version
 * of their object. An object that can't be looked at keeps its companion.
 */
export async function* orphanCompanions(
  { backend, now }: Pick<GarbageRooms, "backend" | "now">,
  bucket: string,
  { olderThanMs }: { olderThanMs: number },
): AsyncGenerator<OrphanCompanion> {
  for await (const { key, modifiedAtMs } of objectsOf(backend, bucket)) {
    const owner = companionOwnerOf(key);
    const isOld = modifiedAtMs <= now() - olderThanMs;
    if (!owner || !isOld || (await hasOwner(backend, bucket, owner))) continue;
    yield { bucket, key, modifiedAtMs };
  }
}

/** Deletes it; throws what the backend refuses with. */
export async function deleteCompanion(
  { backend }: Pick<GarbageRooms, "backend">,
  { bucket, key }: OrphanCompanion,
): Promise<void> {
  const response = await backend.send({ method: "DELETE", bucket, key, requestId: REQUEST_ID });
  if (response.status >= 300) throw await backendFault(response);
  await response.text();
}

async function hasOwner(
  backend: Backend,
  bucket: string,
  { key, mark }: { key: string; mark: string },
): Promise<boolean> {
  if (await isOwner(backend, { bucket, key }, { mark, query: [] })) return true;
  const listing = [
    ["versions", ""],
    ["prefix", key],
    ["max-keys", "1000"],
  ] as const;
  const listed = await backend.send({
    method: "GET",
    bucket,
    query: listing,
    requestId: REQUEST_ID,
  });
  if (listed.status !== 200) throw await backendFault(listed);
  const page = parseXml(await listed.text());
  for (const version of page.all("Version").filter((each) => each.textOf("Key") === key)) {
    const query = [["versionId", version.textOf("VersionId") ?? ""]] as const;
    if (await isOwner(backend, { bucket, key }, { mark, query })) return true;
  }
  // So many that not all were seen: rather kept than lost.
  return page.textOf("IsTruncated") === "true";
}

async function isOwner(
  backend: Backend,
  target: { bucket: string; key: string },
  { mark, query }: { mark: string; query: Query },
): Promise<boolean> {
  const response = await backend.send({ method: "HEAD", ...target, query, requestId: REQUEST_ID });
  await response.text();
  if (response.status === 404) return false;
  return response.status !== 200 || markOf(response.headers[HEADER_FIELD] ?? "") === mark;
}

async function* objectsOf(
  backend: Backend,
  bucket: string,
): AsyncGenerator<{ key: string; modifiedAtMs: number }> {
  let after: Query = [];
  for (;;) {
    const query = [["list-type", "2"], ["encoding-type", "url"], ...after] as const;
    const response = await backend.send({ method: "GET", bucket, query, requestId: REQUEST_ID });
    if (response.status !== 200) throw await backendFault(response);
    const page = parseXml(await response.text());
    for (const object of page.all("Contents")) {
      yield {
        key: keyOf(object, page.textOf("EncodingType") === "url"),
        modifiedAtMs: Date.parse(object.textOf("LastModified") ?? ""),
      };
    }
    const token = page.textOf("NextContinuationToken") ?? "";
    if (page.textOf("IsTruncated") !== "true" || token === "") return;
    after = [["continuation-token", token]];
  }
}

/** One that can't be decoded is none of ours. */
function keyOf(object: XmlElement, isEncoded: boolean): string {
  const key = object.textOf("Key") ?? "";
  try {
    return isEncoded ? decodeURIComponent(key.replaceAll("+", "%20")) : key;
  } catch {
    return "";
  }
}
