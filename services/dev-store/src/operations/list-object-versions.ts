/** ListObjectVersions. */
import { el, optional, type XmlNode } from "@s3eg/shared/s3/xml.ts";
import { invalidArgument } from "../s3/errors.ts";
import { commonPrefixes, type Listed, lastName, nameWriter, walk } from "../s3/listing.ts";
import { isoSeconds } from "../s3/object-headers.ts";
import { ownerElement } from "../s3/owner.ts";
import { type Operation, wholeNumber } from "../s3-request.ts";
import type { Bucket } from "../store/bucket.ts";
import type { Version } from "../store/records.ts";
import { objectElements } from "./listed-object.ts";

/** `GET /bucket?versions`. */
export const listObjectVersions: Operation = {
  name: "ListObjectVersions",
  method: "GET",
  on: "bucket",
  marks: ["versions"],
  parameters: [
    "prefix",
    "delimiter",
    "max-keys",
    "encoding-type",
    "key-marker",
    "version-id-marker",
  ],
  async run(request, { store }) {
    const bucket = store.bucket(request.bucket);
    const { query } = request;
    const maxKeys = wholeNumber(request, "max-keys", { fallback: 1000 });
    const prefix = query.get("prefix") ?? "";
    const delimiter = query.get("delimiter") ?? "";
    const keyMarker = query.get("key-marker") ?? "";
    const versionMarker = query.get("version-id-marker") ?? "";
    if (versionMarker !== "" && keyMarker === "") {
      throw invalidArgument(
        "version-id-marker",
        versionMarker,
        "A version-id marker cannot be specified without a key marker.",
      );
    }
    const write = nameWriter(request);
    const page = walk(
      bucket.keys,
      {
        prefix,
        delimiter,
        after: keyMarker,
        isAfterIncluded: versionMarker !== "",
        maxNames: Math.min(maxKeys, 1000),
      },
      (key) => versionsAfter(bucket, key, key === keyMarker ? versionMarker : ""),
    );
    const last = page.listed.at(-1);
    const next = page.isTruncated
      ? [
          el("NextKeyMarker", write(lastName(page) ?? "")),
          ...(last?.kind === "item" ? [el("NextVersionIdMarker", last.item.versionId)] : []),
        ]
      : [];
    return {
      status: 200,
      xml: el(
        "ListVersionsResult",
        el("Name", bucket.name),
        el("Prefix", write(prefix)),
        el("KeyMarker", write(keyMarker)),
        el("VersionIdMarker", versionMarker),
        ...next,
        el("MaxKeys", maxKeys),
        delimiter === "" ? undefined : el("Delimiter", write(delimiter)),
        optional("EncodingType", query.get("encoding-type")),
        el("IsTruncated", page.isTruncated),
        ...page.listed.flatMap((one) => versionElements(bucket, one, write)),
        ...commonPrefixes(page, write),
      ),
    };
  },
};

function versionsAfter(bucket: Bucket, key: string, versionMarker: string): readonly Version[] {
  const versions = bucket.versionsOf(key);
  if (versionMarker === "") return versions;
  // A marker that is gone by now: nothing of this key is left to list.
  const place = versions.findIndex(({ versionId }) => versionId === versionMarker);
  return place < 0 ? [] : versions.slice(place + 1);
}

function versionElements(
  bucket: Bucket,
  one: Listed<Version>,
  write: (name: string) => string,
): XmlNode[] {
  if (one.kind === "prefix") return [];
  const { key, item: version } = one;
  const head = [
    el("Key", write(key)),
    el("VersionId", version.versionId),
    el("IsLatest", bucket.find(key) === version),
  ];
  return version.kind === "object"
    ? [el("Version", ...head, ...objectElements(version), ownerElement())]
    : [
        el(
          "DeleteMarker",
          ...head,
          el("LastModified", isoSeconds(version.modifiedAt)),
          ownerElement(),
        ),
      ];
}
