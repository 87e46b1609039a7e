/** The `ObjectParts` element of GetObjectAttributes (S3 API, GetObjectAttributes). */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import type { ObjectFacts, ObjectPart } from "@s3eg/shared/contracts/crypto.ts";
import { el, type XmlNode } from "@s3eg/shared/s3/xml.ts";
import { checksumElement } from "./checksum-headers.ts";
import { partsPage } from "./parts-page.ts";

/**
 * A page of an object's parts, as `x-amz-max-parts` and `x-amz-part-number-marker` ask for it; `InvalidArgument` for those that are no
 * numbers. Parts without checksums are listed too, with their sizes: Amazon leaves them out, other servers do not, and clients take both.
 */
export function objectPartsElement(
  headers: HeaderFields,
  { facts, parts }: { readonly facts: ObjectFacts; readonly parts: readonly ObjectPart[] },
): XmlNode {
  const { page, marker, maxParts, isTruncated } = partsPage(parts, {
    marker: askedOf(headers, "x-amz-part-number-marker"),
    maxParts: askedOf(headers, "x-amz-max-parts"),
  });
  const algorithm = facts.checksum?.algorithm;
  return el(
    "ObjectParts",
    el("PartsCount", parts.length),
    el("PartNumberMarker", marker),
    el("NextPartNumberMarker", page.at(-1)?.partNumber ?? 0),
    el("MaxParts", maxParts),
    el("IsTruncated", isTruncated),
    ...page.map(({ partNumber, size, checksum: value }) =>
      el(
        "Part",
        el("PartNumber", partNumber),
        el("Size", size),
        algorithm && value !== undefined ? checksumElement({ algorithm, value }) : undefined,
      ),
    ),
  );
}

function askedOf(headers: HeaderFields, name: string) {
  return [name, headers[name]] as const;
}
