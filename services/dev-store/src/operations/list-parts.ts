/** ListParts. */
import { el } from "@s3eg/shared/s3/xml.ts";
import { checksumElements } from "../s3/checksums.ts";
import { isoSeconds, quoted } from "../s3/object-headers.ts";
import { ownerElement } from "../s3/owner.ts";
import { type Operation, wholeNumber } from "../s3-request.ts";

const MAX_PARTS = 1000;

/** `GET /bucket/key?uploadId=…`. */
export const listParts: Operation = {
  name: "ListParts",
  method: "GET",
  on: "object",
  marks: ["uploadId"],
  parameters: ["max-parts", "part-number-marker", "encoding-type"],
  async run(request, { store }) {
    const bucket = store.bucket(request.bucket);
    const maxParts = wholeNumber(request, "max-parts", { fallback: MAX_PARTS });
    const marker = wholeNumber(request, "part-number-marker", { fallback: 0 });
    const { uploadId, parts, storageClass, checksum } = bucket.uploads.find(
      request.key,
      request.query.get("uploadId") ?? "",
    );
    const left = [...parts.values()]
      .filter(({ partNumber }) => partNumber > marker)
      .sort((a, b) => a.partNumber - b.partNumber);
    const page = left.slice(0, Math.min(maxParts, MAX_PARTS));
    return {
      status: 200,
      xml: el(
        "ListPartsResult",
        el("Bucket", bucket.name),
        el("Key", request.key),
        el("UploadId", uploadId),
        ownerElement("Initiator"),
        ownerElement(),
        el("StorageClass", storageClass),
        ...(checksum
          ? [el("ChecksumAlgorithm", checksum.algorithm), el("ChecksumType", checksum.type)]
          : []),
        el("PartNumberMarker", marker),
        el("NextPartNumberMarker", page.at(-1)?.partNumber ?? 0),
        el("MaxParts", maxParts),
        el("IsTruncated", page.length < left.length && maxParts > 0),
        ...page.map(({ partNumber, modifiedAt, md5, piece }) =>
          el(
            "Part",
            el("PartNumber", partNumber),
            el("LastModified", isoSeconds(modifiedAt)),
            el("ETag", quoted(md5)),
            el("Size", piece.size),
            ...checksumElements(
              checksum && piece.checksum !== undefined
                ? { algorithm: checksum.algorithm, value: piece.checksum }
                : undefined,
            ),
          ),
        ),
      ),
    };
  },
};
