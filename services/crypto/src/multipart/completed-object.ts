/**
 * Whether an earlier Complete of the same upload has made the object already (format.md §7): its answer was lost on the way, the
 * worker died before it wrote the state, or another Complete was faster. The object itself tells, by a header that no other upload
 * has and by the region that the same list of parts gives.
 */
import type { BackendResponse, HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { isFault } from "@s3eg/shared/faults.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import type { UploadRecord } from "../multipart-state/multipart-state.ts";
import { parseContentRange } from "../stored-range.ts";
import { customerKeyOf, type UploadAddress, type UploadRooms } from "./uploads.ts";

/** The object that a Complete makes. */
export interface ExpectedObject {
  /** Bytes at its end; none where its manifest is beside it, and has been compared. */
  readonly tail: Buffer;
  readonly storedSize: number;
}

const ANSWERED = new Set([
  "x-amz-expiration",
  "x-amz-request-charged",
  "x-amz-server-side-encryption",
  "x-amz-server-side-encryption-aws-kms-key-id",
  "x-amz-server-side-encryption-bucket-key-enabled",
  "x-amz-version-id",
]);

/** What of a read is also in the answer to a Complete (S3 API, CompleteMultipartUpload). */
export function completedHeaders(headers: HeaderFields): HeaderFields {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => ANSWERED.has(name)));
}

/** True for a refusal that an upload gets which has ended: it is gone, its parts are, or its object is in the way of the condition. */
export function mayHaveEnded(error: unknown): boolean {
  if (!isFault(error, "backend.refused")) return false;
  const { status, s3Code } = error.details;
  return status === 404 || status === 412 || s3Code === "NoSuchUpload" || s3Code === "InvalidPart";
}

/** ETag and header fields of the object, where it is exactly the one that is expected; undefined where anything differs. */
export async function completedObject(
  { backend }: Pick<UploadRooms, "backend">,
  { head, upload, requestId }: { head: UploadAddress; upload: UploadRecord; requestId: string },
  { tail, storedSize }: ExpectedObject,
): Promise<{ etag: string; headers: HeaderFields } | undefined> {
  const isRead = tail.byteLength > 0;
  const range = isRead ? { range: `bytes=-${tail.byteLength}` } : {};
  const response = await backend.send({
    method: isRead ? "GET" : "HEAD",
    ...head.target,
    headers: { ...customerKeyOf(upload.policy), ...range },
    requestId,
  });
  if (response.status === 404 || response.status === 416) {
    await response.text();
    return undefined;
  }
  if (response.status !== (isRead ? 206 : 200)) throw await backendFault(response);
  const { headers } = response;
  const total = isRead
    ? parseContentRange(headers["content-range"])?.total
    : Number(headers["content-length"]);
  const isOurs = headers[HEADER_FIELD] === upload.header && total === storedSize;
  if (!isOurs || headers.etag === undefined) {
    response.body.destroy();
    return undefined;
  }
  if (!(await endsIn(response, tail))) return undefined;
  return { etag: headers.etag, headers: completedHeaders(headers) };
}

async function endsIn({ body }: BackendResponse, tail: Buffer): Promise<boolean> {
  let at = 0;
  let isSame = true;
  await body.pump((piece) => {
    isSame &&= tail.subarray(at, at + piece.byteLength).equals(piece);
    at += piece.byteLength;
  });
  return isSame && at === tail.byteLength;
}
