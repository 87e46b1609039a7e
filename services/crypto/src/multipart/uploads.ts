/** What every step of an upload needs: its record, its proven keys, and the backend's word for it. */
import type { Backend, BackendRequest } from "@s3eg/shared/backend/backend.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import { FLAG, type SuiteNumber } from "@s3eg/shared/format/layout.ts";
import type { ObjectKeys } from "@s3eg/shared/sealing/object-keys.ts";
import type { DataKeys } from "../data-keys.ts";
import type {
  MultipartState,
  UploadRecord,
  UploadRef,
} from "../multipart-state/multipart-state.ts";
import type { UploadMetrics } from "./upload-metrics.ts";

/** What the steps of an upload use. */
export interface UploadRooms {
  readonly dataKeys: DataKeys;
  readonly backend: Backend;
  readonly state: MultipartState;
  readonly measured: UploadMetrics;
  /** True where the backend takes only parts of one size: then no manifest goes behind the last one (format.md §7). */
  readonly needsEqualParts?: boolean;
  now(): number;
}

/** Which upload a request means. */
export interface UploadAddress {
  readonly target: {
    readonly bucket: string;
    readonly key: string;
    readonly identity?: string | undefined;
  };
  readonly uploadId: string;
}

/** The record of an upload; `NoSuchUpload` for one that is unknown, over, or of another object. */
export async function findUpload(
  state: MultipartState,
  address: UploadAddress,
): Promise<UploadRecord> {
  const upload = await state.find(refOf(address));
  if (!upload) throw noSuchUpload();
  return upload;
}

/** The name of an upload in the state. */
export function refOf({ target, uploadId }: UploadAddress): UploadRef {
  return { uploadId, bucket: target.bucket, key: target.key };
}

/** The keys of an upload, from the header that was made at its start. */
export async function keysOf(
  { dataKeys }: Pick<UploadRooms, "dataKeys">,
  upload: UploadRecord,
  requestId: string,
): Promise<{ keys: ObjectKeys; suite: SuiteNumber }> {
  const place = { bucket: upload.boundBucket, key: upload.key };
  const { header, keys } = await dataKeys.open({ header: upload.header, place }, requestId);
  return { keys, suite: header.suite };
}

/** A request about an upload to the backend. */
export function uploadRequest(
  { target, uploadId }: UploadAddress,
  query: readonly (readonly [string, string])[] = [],
): Pick<BackendRequest, "bucket" | "key" | "identity" | "query"> {
  return {
    bucket: target.bucket,
    key: target.key,
    identity: target.identity,
    query: [...query, ["uploadId", uploadId]],
  };
}

/**
 * Ends an upload on the backend that has no state: nobody could complete it. Never fails: what the client learns is the fault of the
 * state, and what stays is listed by `s3eg orphans`.
 */
export async function abandonUpload(
  { backend }: Pick<UploadRooms, "backend">,
  upload: UploadAddress,
  requestId: string,
): Promise<void> {
  try {
    const response = await backend.send({ method: "DELETE", ...uploadRequest(upload), requestId });
    await response.text();
  } catch {
    // See above.
  }
}

const CUSTOMER_KEY = "x-amz-server-side-encryption-customer-";

/** The client's own key for the backend's encryption: every part needs it, and Complete, which stores one more, is not given it. */
export function customerKeyOf(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith(CUSTOMER_KEY) && typeof value === "string" ? [[name, value]] : [],
    ),
  );
}

/** True for an upload whose manifest goes beside its object: known at Create, so the header says it (format.md §7). */
export function isBeside({ header, isSealed }: Pick<UploadRecord, "header" | "isSealed">): boolean {
  return isSealed && (decodeHeader(header).flags & FLAG.companionManifest) !== 0;
}

/** The refusal of a key that leaves no room for the name of a companion. */
export function keyTooLong(): Fault {
  return refusal(
    400,
    "KeyTooLongError",
    "Your key is too long: the storage behind this server needs 30 more bytes for uploads in parts.",
  );
}

/** The refusal of an upload that there is not, in S3's words. */
export function noSuchUpload(): Fault {
  return refusal(
    404,
    "NoSuchUpload",
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
  );
}

/** A refusal in S3's words that the client gets as it is. */
export function refusal(status: number, s3Code: string, s3Message: string): Fault {
  return new Fault("backend.refused", s3Message, { details: { status, s3Code, s3Message } });
}
