/**
 * The tags of a copy. A sealed copy replaces the metadata, and some backends then drop the tags as well: where the source has any that
 * go along (S3 API, `x-amz-tagging-directive`), they are read and given anew, and where they were left out all the same, set after.
 */
import { hash } from "node:crypto";
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { versionQuery } from "@s3eg/shared/backend/version-query.ts";
import { encodeQuery, parseQuery } from "@s3eg/shared/s3/names.ts";
import { el, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { parseBackendXml } from "../backend-xml.ts";
import type { Rooms } from "../operations/operation.ts";
import { identityOf, type S3Request } from "../s3-request.ts";
import type { CopySource } from "./copy-source.ts";

/** Header fields that give the copy its source's tags; none where it has none or where the client gives others. `found`: the HEAD answer of the source. */
export async function copiedTags(
  request: S3Request,
  { source, found, rooms }: { source: CopySource; found: HeaderFields; rooms: Rooms },
): Promise<HeaderFields> {
  const isReplaced = request.headers["x-amz-tagging-directive"] === "REPLACE";
  if (isReplaced || Number(found["x-amz-tagging-count"] ?? 0) === 0) return {};
  const { bucket, key, versionId } = source;
  const response = await rooms.backend.send({
    method: "GET",
    bucket,
    key,
    query: [["tagging", ""], ...versionQuery(versionId)],
    ...identityOf(request),
    requestId: request.id,
    signal: request.signal,
  });
  if (response.status !== 200) throw await backendFault(response);
  const tags =
    parseBackendXml(await response.text())
      .child("TagSet")
      ?.all("Tag") ?? [];
  const pairs = tags.map((tag) => [tag.textOf("Key") ?? "", tag.textOf("Value") ?? ""] as const);
  return { "x-amz-tagging": encodeQuery(pairs) };
}

/**
 * Sets the tags that a copy was to get where the backend tells that it has others. Until then the copy is there without them; if it
 * fails, its fault is thrown. `versionId`: of the copy, where the backend has versions.
 */
export async function ensureTags(
  request: S3Request,
  { backend }: Rooms,
  { tagging, versionId }: { tagging: string; versionId: string | undefined },
): Promise<void> {
  const { bucket, key, id, signal } = request;
  const tags = parseQuery(tagging);
  const version = versionQuery(versionId);
  const place = { bucket, key, ...identityOf(request), requestId: id, signal };
  const head = await backend.send({ method: "HEAD", ...place, query: version });
  if (head.status >= 500) throw await backendFault(head);
  await head.text();
  const count = head.headers["x-amz-tagging-count"];
  // A backend that does not tell how many there are is taken at its word.
  if (head.status !== 200 || count === undefined || Number(count) === tags.length) return;
  await putTags(request, { backend }, { tagging, versionId });
}

/** Gives an object tags in the place of those it has. Throws what the backend refuses with. */
export async function putTags(
  request: S3Request,
  { backend }: Pick<Rooms, "backend">,
  { tagging, versionId }: { tagging: string; versionId: string | undefined },
): Promise<void> {
  const { bucket, key, id: requestId, signal } = request;
  const nodes = parseQuery(tagging).map(([name, value]) =>
    el("Tag", el("Key", name), el("Value", value)),
  );
  const document = xmlDocument(el("Tagging", el("TagSet", ...nodes)), { hasNamespace: true });
  const body = Buffer.from(document);
  const response = await backend.send({
    method: "PUT",
    ...{ bucket, key, ...identityOf(request), requestId, signal },
    query: [["tagging", ""], ...versionQuery(versionId)],
    headers: { "content-md5": hash("md5", body, "base64") },
    body,
  });
  if (response.status >= 300) throw await backendFault(response);
  await response.text();
}
