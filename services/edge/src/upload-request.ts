/** What the operations of multipart uploads share: which upload and which part a request means. */
import { S3_ERRORS, S3Error, s3Error } from "./s3/errors.ts";
import { identityOf, type S3Request } from "./s3-request.ts";

/** Where an upload's object will lie, and as whom it is asked for there. */
export function uploadTarget(request: S3Request): {
  bucket: string;
  key: string;
  identity?: string;
} {
  return { bucket: request.bucket, key: request.key, ...identityOf(request) };
}

/** The upload a request means. */
export function uploadAddress(request: S3Request) {
  return { target: uploadTarget(request), uploadId: request.query.get("uploadId") ?? "" };
}

/** Refuses a part beyond `server.max_part_buffer`, before anything of it is stored (`EntityTooLarge`, 413). */
export function checkPartSize(sizeBytes: number, maxPartBytes: number | undefined): void {
  if (maxPartBytes === undefined || sizeBytes <= maxPartBytes) return;
  const { message } = S3_ERRORS.EntityTooLarge;
  const fields = { ProposedSize: sizeBytes, MaxSizeAllowed: maxPartBytes };
  throw new S3Error({ code: "EntityTooLarge", status: 413, message, fields });
}

/** The part a request means: 1 … 10 000 (S3 API, UploadPart). */
export function partNumberOf({ query }: S3Request): number {
  const text = query.get("partNumber") ?? "";
  const partNumber = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (partNumber < 1 || partNumber > 10_000) {
    throw s3Error("InvalidArgument", {
      message: "Part number must be an integer between 1 and 10000, inclusive",
      fields: { ArgumentName: "partNumber", ArgumentValue: text },
    });
  }
  return partNumber;
}
