/** The `ObjectParts` element of GetObjectAttributes (S3 API, GetObjectAttributes). */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import type { ObjectFacts, ObjectPart } from "@s3eg/shared/contracts/crypto.ts";
import { el, type XmlNode } from "@s3eg/shared/s3/xml.ts";
import { s3Error } from "./errors.ts";

const MAX_PAGE = 1000;

/**
 * A page of an object's parts, as `x-amz-max-parts` and `x-amz-part-number-marker` ask for it; `InvalidArgument` for those that are no
 * numbers. Parts without checksums are listed too, with their sizes: Amazon leaves them out, other servers do not, and clients take both.
 */
export function objectPartsElement(
  headers: HeaderFields,
  { facts, parts }: { readonly facts: ObjectFacts; readonly parts: readonly ObjectPart[] },
): XmlNode {
  const maxParts = Math.min(numberOf(headers, "x-amz-max-parts", MAX_PAGE), MAX_PAGE);
  const marker = numberOf(headers, "x-amz-part-number-marker", 0);
  const { checksum } = facts;
  const left = parts.filter(({ partNumber }) => partNumber > marker);
  const page = left.slice(0, maxParts);
  return el(
    "ObjectParts",
    el("PartsCount", parts.length),
    el("PartNumberMarker", marker),
    el("NextPartNumberMarker", page.at(-1)?.partNumber ?? 0),
    el("MaxParts", maxParts),
    el("IsTruncated", page.length < left.length),
    ...page.map(({ partNumber, size, checksum: value }) =>
      el(
        "Part",
        el("PartNumber", partNumber),
        el("Size", size),
        checksum !== undefined &&
          value !== undefined &&
          el(`Checksum${checksum.algorithm.toUpperCase()}`, value),
      ),
    ),
  );
}

function numberOf(headers: HeaderFields, name: string, standard: number): number {
  const text = headers[name];
  if (text === undefined) return standard;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw s3Error("InvalidArgument", { fields: { ArgumentName: name, ArgumentValue: text } });
}
