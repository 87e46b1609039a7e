/** CompleteMultipartUpload: the object refers to the files of its parts, no byte is moved. */
import { createHash } from "node:crypto";
import { el, type XmlElement } from "@s3eg/shared/s3/xml.ts";
import {
  checksumElements,
  checksumOf,
  compositeChecksum,
  givenChecksums,
} from "../s3/checksums.ts";
import { writeGuard } from "../s3/conditions.ts";
import { S3Error } from "../s3/errors.ts";
import { quoted, versionHeaders } from "../s3/object-headers.ts";
import { type HeaderFields, type Operation, type Rooms, xmlBody } from "../s3-request.ts";
import type { Bucket } from "../store/bucket.ts";
import type { PartRecord, StoredChecksum } from "../store/records.ts";
import type { Upload } from "../store/uploads.ts";

const MAX_PARTS = 10_000;
const MIN_PART_BYTES = 5 * 1024 * 1024;

/** `POST /bucket/key?uploadId=…`. */
export const completeMultipartUpload: Operation = {
  name: "CompleteMultipartUpload",
  method: "POST",
  on: "object",
  marks: ["uploadId"],
  takesBody: true,
  hasObjectChecksum: true,
  async run(request, rooms) {
    const { key, headers, query } = request;
    const bucket = rooms.store.bucket(request.bucket);
    const uploadId = query.get("uploadId") ?? "";
    bucket.uploads.find(key, uploadId);
    const guard = writeGuard(headers, key);
    const root = await xmlBody(request, "CompleteMultipartUpload");
    return await bucket.uploads.end({ key, uploadId }, async (upload) => {
      const parts = namedParts(root, upload);
      checkSizes(parts, headers);
      const checksum = await wholeChecksum(upload, parts, { bucket, headers, rooms });
      const etag = compositeEtag(parts);
      const pieces = parts.map(({ piece }) => piece);
      const version = await bucket.put(
        key,
        {
          etag,
          size: sizeOf(parts),
          headers: upload.headers,
          tags: upload.tags,
          storageClass: upload.storageClass,
          isMultipart: true,
          pieces,
          ...(checksum ? { checksum } : {}),
        },
        guard,
      );
      const xml = el(
        "CompleteMultipartUploadResult",
        el("Location", `/${bucket.name}/${key}`),
        el("Bucket", bucket.name),
        el("Key", key),
        el("ETag", quoted(etag)),
        ...checksumElements(checksum),
      );
      const answer = { status: 200, headers: versionHeaders(bucket, version.versionId), xml };
      return { result: answer, kept: new Set(pieces.map(({ id }) => id)) };
    });
  },
};

/** The uploaded parts that the document names. Throws MalformedXML, InvalidPartOrder, InvalidPart. */
function namedParts(root: XmlElement, upload: Upload): PartRecord[] {
  const named = root.all("Part");
  if (named.length === 0 || named.length > MAX_PARTS) throw new S3Error("MalformedXML");
  let before = 0;
  return named.map((element) => {
    const number = Number(element.textOf("PartNumber"));
    const etag = element
      .textOf("ETag")
      ?.trim()
      .replace(/^"(.*)"$/, "$1");
    if (!Number.isInteger(number) || etag === undefined) throw new S3Error("MalformedXML");
    if (number <= before) {
      throw new S3Error("InvalidPartOrder", { fields: { UploadId: upload.uploadId } });
    }
    before = number;
    const part = upload.parts.get(number);
    const algorithm = upload.checksum?.algorithm;
    const checksum = algorithm && element.textOf(`Checksum${algorithm}`);
    const isRight =
      part?.md5 === etag && (checksum === undefined || checksum === part.piece.checksum);
    if (part && isRight) return part;
    throw new S3Error("InvalidPart", {
      fields: { UploadId: upload.uploadId, PartNumber: `${number}`, ETag: etag },
    });
  });
}

function checkSizes(parts: readonly PartRecord[], headers: HeaderFields): void {
  for (const { piece, partNumber, md5 } of parts.slice(0, -1)) {
    if (piece.size >= MIN_PART_BYTES) continue;
    throw new S3Error("EntityTooSmall", {
      fields: {
        ProposedSize: `${piece.size}`,
        MinSizeAllowed: `${MIN_PART_BYTES}`,
        PartNumber: `${partNumber}`,
        ETag: md5,
      },
    });
  }
  const promised = headers["x-amz-mp-object-size"];
  if (promised !== undefined && Number(promised) !== sizeOf(parts)) {
    throw new S3Error("InvalidRequest", {
      message: `The provided 'x-amz-mp-object-size' header value ${promised} does not match what was computed: ${sizeOf(parts)}`,
    });
  }
}

async function wholeChecksum(
  { checksum }: Upload,
  parts: readonly PartRecord[],
  { bucket, headers, rooms }: { bucket: Bucket; headers: HeaderFields; rooms: Rooms },
): Promise<StoredChecksum | undefined> {
  const type = headers["x-amz-checksum-type"];
  if (type !== undefined && type !== checksum?.type) {
    throw new S3Error("InvalidRequest", {
      message: `The upload was created using the ${checksum?.type ?? "null"} checksum mode. The complete request must use the same checksum mode.`,
    });
  }
  if (!checksum) return undefined;
  const { algorithm } = checksum;
  const value =
    checksum.type === "COMPOSITE"
      ? compositeChecksum(
          parts.map(({ piece }) => piece.checksum ?? ""),
          algorithm,
          rooms.createDigest,
        )
      : await checksumOf(
          bucket.files.read(parts.map(({ piece }) => piece)),
          algorithm,
          rooms.createDigest,
        );
  const [given] = givenChecksums(headers);
  if (given && (given.algorithm !== algorithm || given.value !== value)) {
    throw new S3Error("BadDigest", {
      message: `The ${algorithm} you specified did not match the calculated checksum.`,
    });
  }
  return { ...checksum, value };
}

/** MD5 of the MD5s, and how many there are. */
function compositeEtag(parts: readonly PartRecord[]): string {
  const md5 = createHash("md5");
  for (const part of parts) md5.update(part.md5, "hex");
  return `${md5.digest("hex")}-${parts.length}`;
}

function sizeOf(parts: readonly PartRecord[]): number {
  return parts.reduce((sum, { piece }) => sum + piece.size, 0);
}
