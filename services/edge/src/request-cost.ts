/**
 * What a request may need of memory at most, told by its head, with what crypto needs for it in the same process. Where numbers are
 * given they were measured: 200 requests that stand still half through, heap and buffers after a collection, and what the process grew.
 * The others are estimates. `e2e/full/limits.test.ts` holds the sum.
 */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import type { Operation } from "./operations/operation.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Head, answer, and what of a body the kernel and the parser hand over before anybody asked. */
const REQUEST_BYTES = 64 * KIB;
/** Head, connection and parser of a request that waits: 24 KiB are in use, and the process grew by 34. */
const WAITING_BYTES = 32 * KIB;
/** Body bytes on their way through in one direction, of however large a body: 230 KiB of a PUT and 250 of a GET are in use; with what is not collected yet the process grew by 590 and 300. */
const STREAM_BYTES = 768 * KIB;
/** A listing of a thousand entries, estimated: XML of the backend, its tree, and ours. */
const LISTING_BYTES = 4 * MIB;
/** A document is read whole, into a tree that takes several times its size: an estimate. */
const BYTES_OF_DOCUMENT_BYTE = 8;
/** A part that may be the last and smaller than the backend takes is held whole (format.md §7): ciphertext, in pieces and as one, and once more on its way to the store. */
const BYTES_OF_PARKED_BYTE = 3;
const MAX_PARKED_BYTES = 5 * MIB;
/** Of a document that does not say how long it is. */
const MAX_DOCUMENT_BYTES = 8 * MIB;

const STREAMED_IN: ReadonlySet<string> = new Set(["PutObject", "PostObject", "UploadPart"]);
const STREAMED_OUT: ReadonlySet<string> = new Set(["GetObject"]);
/** The bytes of a copy may have to be opened and sealed again. */
const STREAMED_BOTH_WAYS: ReadonlySet<string> = new Set(["CopyObject", "UploadPartCopy"]);
const LISTINGS: ReadonlySet<string> = new Set([
  "ListObjects",
  "ListObjectsV2",
  "ListObjectVersions",
  "ListMultipartUploads",
  "ListParts",
  "GetObjectAttributes",
]);

/** Bytes to reserve for a request before its body is read. */
export function requestCost({ name }: Pick<Operation, "name">, headers: HeaderFields): number {
  const size = bodySize(headers);
  if (name === "UploadPart" && size !== undefined && size < MAX_PARKED_BYTES) {
    return REQUEST_BYTES + BYTES_OF_PARKED_BYTE * size;
  }
  if (STREAMED_IN.has(name)) {
    return REQUEST_BYTES + Math.min(2 * (size ?? STREAM_BYTES), STREAM_BYTES);
  }
  if (STREAMED_OUT.has(name)) return REQUEST_BYTES + STREAM_BYTES;
  if (STREAMED_BOTH_WAYS.has(name)) return REQUEST_BYTES + 2 * STREAM_BYTES;
  if (LISTINGS.has(name)) return LISTING_BYTES;
  const documentBytes = Math.min(size ?? MAX_DOCUMENT_BYTES, MAX_DOCUMENT_BYTES);
  return REQUEST_BYTES + BYTES_OF_DOCUMENT_BYTE * documentBytes;
}

/** Bytes that a request holds which waits with so many bytes of its body. */
export function waitingCost(bodyBytes: number): number {
  return WAITING_BYTES + bodyBytes;
}

/** What the body will be at most; undefined where the head does not tell. */
function bodySize(headers: HeaderFields): number | undefined {
  const told = headers["x-amz-decoded-content-length"] ?? headers["content-length"];
  if (told !== undefined && /^\d{1,15}$/.test(told)) return Number(told);
  return headers["transfer-encoding"] === undefined ? 0 : undefined;
}
