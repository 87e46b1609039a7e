/** ListMultipartUploads. */
import { el, optional, type XmlNode } from "@s3eg/shared/s3/xml.ts";
import { commonPrefixes, type Listed, lastName, nameWriter, walk } from "../s3/listing.ts";
import { isoSeconds } from "../s3/object-headers.ts";
import { ownerElement } from "../s3/owner.ts";
import { type Operation, wholeNumber } from "../s3-request.ts";
import { SortedKeys } from "../store/key-order.ts";
import type { Upload } from "../store/uploads.ts";

/** `GET /bucket?uploads`. */
export const listMultipartUploads: Operation = {
  name: "ListMultipartUploads",
  method: "GET",
  on: "bucket",
  marks: ["uploads"],
  parameters: [
    "prefix",
    "delimiter",
    "max-uploads",
    "encoding-type",
    "key-marker",
    "upload-id-marker",
  ],
  async run(request, { store }) {
    const bucket = store.bucket(request.bucket);
    const { query } = request;
    const maxUploads = wholeNumber(request, "max-uploads", { fallback: 1000 });
    const prefix = query.get("prefix") ?? "";
    const delimiter = query.get("delimiter") ?? "";
    const keyMarker = query.get("key-marker") ?? "";
    // Without a key marker it means nothing (S3 API, ListMultipartUploads).
    const uploadMarker = keyMarker === "" ? "" : (query.get("upload-id-marker") ?? "");
    const write = nameWriter(request);
    const byKey = Map.groupBy(bucket.uploads.all(), ({ key }) => key);
    const page = walk(
      new SortedKeys(byKey.keys()),
      {
        prefix,
        delimiter,
        after: keyMarker,
        isAfterIncluded: uploadMarker !== "",
        maxNames: Math.min(maxUploads, 1000),
      },
      (key) => uploadsAfter(byKey.get(key) ?? [], key === keyMarker ? uploadMarker : ""),
    );
    const last = page.listed.at(-1);
    const next = page.isTruncated
      ? [
          el("NextKeyMarker", write(lastName(page) ?? "")),
          el("NextUploadIdMarker", last?.kind === "item" ? last.item.uploadId : ""),
        ]
      : [];
    return {
      status: 200,
      xml: el(
        "ListMultipartUploadsResult",
        el("Bucket", bucket.name),
        el("KeyMarker", write(keyMarker)),
        el("UploadIdMarker", uploadMarker),
        ...next,
        el("Prefix", write(prefix)),
        delimiter === "" ? undefined : el("Delimiter", write(delimiter)),
        optional("EncodingType", query.get("encoding-type")),
        el("MaxUploads", maxUploads),
        el("IsTruncated", page.isTruncated),
        ...page.listed.flatMap((one) => uploadElement(one, write)),
        ...commonPrefixes(page, write),
      ),
    };
  },
};

function uploadsAfter(uploads: readonly Upload[], marker: string): readonly Upload[] {
  if (marker === "") return uploads;
  const place = uploads.findIndex(({ uploadId }) => uploadId === marker);
  return place < 0 ? [] : uploads.slice(place + 1);
}

function uploadElement(one: Listed<Upload>, write: (name: string) => string): XmlNode[] {
  if (one.kind === "prefix") return [];
  const { uploadId, startedAt, storageClass, checksum } = one.item;
  return [
    el(
      "Upload",
      el("Key", write(one.key)),
      el("UploadId", uploadId),
      ownerElement("Initiator"),
      ownerElement(),
      el("StorageClass", storageClass),
      el("Initiated", isoSeconds(startedAt)),
      optional("ChecksumAlgorithm", checksum?.algorithm),
      optional("ChecksumType", checksum?.type),
    ),
  ];
}
