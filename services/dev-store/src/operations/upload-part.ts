/** UploadPart and UploadPartCopy. */

import { checkedBody } from "@s3eg/shared/s3/checksums.ts";
import { el } from "@s3eg/shared/s3/xml.ts";
import { checksumElements, checksumHeader, digestName } from "../s3/checksums.ts";
import { invalidArgument, S3Error } from "../s3/errors.ts";
import { isoSeconds, quoted } from "../s3/object-headers.ts";
import { type Operation, type S3Request, wholeNumber } from "../s3-request.ts";
import type { ByteRange } from "../store/byte-files.ts";
import type { Upload } from "../store/uploads.ts";
import { sourceVersionHeader } from "./copy-object.ts";
import { copySource } from "./copy-source.ts";
import { MAX_PUT_BYTES } from "./put-object.ts";

const PART = { method: "PUT", on: "object", marks: ["partNumber", "uploadId"] } as const;

/** `PUT /bucket/key?partNumber=…&uploadId=…`. */
export const uploadPart: Operation = {
  ...PART,
  name: "UploadPart",
  takesBody: true,
  async run(request, { store, now }) {
    const { key, upload: incoming } = request;
    const bucket = store.bucket(request.bucket);
    const partNumber = partNumberOf(request);
    const upload = bucket.uploads.find(key, request.query.get("uploadId") ?? "");
    if (incoming.sizeBytes === undefined) throw new S3Error("MissingContentLength");
    if (incoming.sizeBytes > MAX_PUT_BYTES) throw new S3Error("EntityTooLarge");
    const received = await bucket.files.receive(incoming.body);
    const checksum = incoming.checksum();
    try {
      checkAlgorithm(upload, checksum?.algorithm);
    } catch (error) {
      await bucket.files.remove([received.id]);
      throw error;
    }
    await bucket.uploads.keepPart(upload, received, {
      partNumber,
      modifiedAt: now().getTime(),
      // Of uploads that have no checksum a part's was checked, and is not kept.
      ...(checksum && upload.checksum ? { checksum: checksum.value } : {}),
    });
    return {
      status: 200,
      headers: {
        etag: quoted(received.md5),
        ...(checksum ? { [checksumHeader(checksum.algorithm)]: checksum.value } : {}),
      },
    };
  },
};

/** `PUT /bucket/key?partNumber=…&uploadId=…` with `x-amz-copy-source`. */
export const uploadPartCopy: Operation = {
  ...PART,
  name: "UploadPartCopy",
  headerMark: "x-amz-copy-source",
  async run(request, { store, now, createDigest }) {
    const { key, headers } = request;
    const bucket = store.bucket(request.bucket);
    const partNumber = partNumberOf(request);
    const upload = bucket.uploads.find(key, request.query.get("uploadId") ?? "");
    const source = copySource(headers, store);
    const range = copyRange(headers["x-amz-copy-source-range"], source.version.size);
    const bytes = source.bucket.files.read(source.version.pieces, range);
    const algorithm = upload.checksum?.algorithm;
    let value: string | undefined;
    const verify = (actual: Buffer): void => {
      value = actual.toString("base64");
    };
    const checks = algorithm ? [{ digest: createDigest(digestName(algorithm)), verify }] : [];
    const received = await bucket.files.receive(checkedBody(bytes, checks));
    const part = await bucket.uploads.keepPart(upload, received, {
      partNumber,
      modifiedAt: now().getTime(),
      ...(value === undefined ? {} : { checksum: value }),
    });
    const checksum = algorithm && value !== undefined ? { algorithm, value } : undefined;
    return {
      status: 200,
      headers: sourceVersionHeader(source),
      xml: el(
        "CopyPartResult",
        el("LastModified", isoSeconds(part.modifiedAt)),
        el("ETag", quoted(received.md5)),
        ...checksumElements(checksum),
      ),
    };
  },
};

function partNumberOf(request: S3Request): number {
  const text = request.query.get("partNumber") ?? "";
  if (text !== "") return wholeNumber(request, "partNumber", { min: 1, max: 10_000, fallback: 0 });
  throw invalidArgument(
    "partNumber",
    text,
    "Part number must be an integer between 1 and 10000, inclusive",
  );
}

function checkAlgorithm({ checksum }: Upload, actual: string | undefined): void {
  if (!checksum || checksum.algorithm === actual) return;
  throw new S3Error("InvalidRequest", {
    message: `Checksum Type mismatch occurred, expected checksum Type: ${checksum.algorithm.toLowerCase()}, actual checksum Type: ${actual?.toLowerCase() ?? "null"}`,
  });
}

function copyRange(text: string | undefined, size: number): ByteRange | undefined {
  if (text === undefined) return undefined;
  const match = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(text);
  const [start, end] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || start > end) {
    throw invalidArgument(
      "x-amz-copy-source-range",
      text,
      "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
    );
  }
  if (end >= size) {
    throw new S3Error("InvalidRange", {
      fields: { RangeRequested: text, ActualObjectSize: `${size}` },
    });
  }
  return { start, end };
}
