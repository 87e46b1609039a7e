/**
 * The tags of a copy's source. A sealed copy replaces the metadata, and some backends then drop the tags as well: where the source has
 * any that go along (S3 API, `x-amz-tagging-directive`), they are read and given anew.
 */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { encodeQuery } from "@s3eg/shared/s3/names.ts";
import { parseBackendXml } from "./backend-xml.ts";
import type { CopySource } from "./copy-source.ts";
import type { Rooms } from "./operations/operation.ts";
import { identityOf, type S3Request } from "./s3-request.ts";

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
    query: [
      ["tagging", ""],
      ...(versionId === undefined ? [] : [["versionId", versionId] as const]),
    ],
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
  return { "x-amz-tagging": encodeQuery(pairs), "x-amz-tagging-directive": "REPLACE" };
}
