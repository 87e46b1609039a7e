/** GetObjectAttributes. */
import { el, type XmlNode } from "@s3eg/shared/s3/xml.ts";
import { checksumElements } from "../s3/checksums.ts";
import { checkRead } from "../s3/conditions.ts";
import { invalidArgument } from "../s3/errors.ts";
import { versionHeaders } from "../s3/object-headers.ts";
import { type HeaderFields, type Operation, versionIdOf } from "../s3-request.ts";
import type { ObjectVersion } from "../store/records.ts";
import { objectOf } from "./find-object.ts";

const ATTRIBUTES = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"] as const;
type Attribute = (typeof ATTRIBUTES)[number];

/** `GET /bucket/key?attributes`. */
export const getObjectAttributes: Operation = {
  name: "GetObjectAttributes",
  method: "GET",
  on: "object",
  marks: ["attributes"],
  parameters: ["versionId"],
  async run(request, { store }) {
    const { key, headers } = request;
    const bucket = store.bucket(request.bucket);
    const version = objectOf(bucket, { key, versionId: versionIdOf(request) });
    checkRead(headers, version);
    const wanted = wantedAttributes(headers);
    const elements: Record<Attribute, () => XmlNode | undefined> = {
      ETag: () => el("ETag", version.etag),
      Checksum: () => version.checksum && el("Checksum", ...checksumElements(version.checksum)),
      ObjectParts: () => (version.isMultipart ? objectParts(version, headers) : undefined),
      StorageClass: () => el("StorageClass", version.storageClass),
      ObjectSize: () => el("ObjectSize", version.size),
    };
    return {
      status: 200,
      headers: {
        "last-modified": new Date(version.modifiedAt).toUTCString(),
        ...versionHeaders(bucket, version.versionId),
      },
      xml: el(
        "GetObjectAttributesResponse",
        ...ATTRIBUTES.filter((name) => wanted.has(name)).map((name) => elements[name]()),
      ),
    };
  },
};

function wantedAttributes(headers: HeaderFields): ReadonlySet<Attribute> {
  const text = headers["x-amz-object-attributes"] ?? "";
  const names = text.split(",").map((name) => name.trim());
  const wanted = new Set(ATTRIBUTES.filter((name) => names.includes(name)));
  if (wanted.size === names.length) return wanted;
  throw invalidArgument("x-amz-object-attributes", text, "Invalid attribute name specified.");
}

/** Parts with their sizes are shown only where they have checksums, else only how many there are (S3 API, GetObjectAttributes). */
function objectParts({ pieces, checksum }: ObjectVersion, headers: HeaderFields): XmlNode {
  const count = el("PartsCount", pieces.length);
  if (!checksum) return el("ObjectParts", count);
  const marker = wholeHeader(headers, "x-amz-part-number-marker", 0);
  const maxParts = wholeHeader(headers, "x-amz-max-parts", 1000);
  const left = pieces.filter(({ partNumber = 0 }) => partNumber > marker);
  const page = left.slice(0, Math.min(maxParts, 1000));
  return el(
    "ObjectParts",
    count,
    el("PartNumberMarker", marker),
    el("NextPartNumberMarker", page.at(-1)?.partNumber ?? 0),
    el("MaxParts", maxParts),
    el("IsTruncated", page.length < left.length),
    ...page.map(({ partNumber = 0, size, checksum: value }) =>
      el(
        "Part",
        el("PartNumber", partNumber),
        el("Size", size),
        ...checksumElements(
          value === undefined ? undefined : { algorithm: checksum.algorithm, value },
        ),
      ),
    ),
  );
}

function wholeHeader(headers: HeaderFields, name: string, fallback: number): number {
  const text = headers[name];
  if (text === undefined) return fallback;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw invalidArgument(name, text);
}
