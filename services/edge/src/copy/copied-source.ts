/** The source of a copy, looked at: the client's conditions on it are judged here, and from then on its ETag stands for it. */
import type { BackendResponse, HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault, shownHeadersOf } from "@s3eg/shared/backend/backend-fault.ts";
import { versionQuery } from "@s3eg/shared/backend/version-query.ts";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { encodeKey } from "@s3eg/shared/s3/names.ts";
import type { Rooms } from "../operations/operation.ts";
import { s3Error } from "../s3/errors.ts";
import { identityOf, type S3Request } from "../s3-request.ts";
import { sourceConditionsOf } from "../shown-etag.ts";
import type { CopySource } from "./copy-source.ts";

/** Largest plaintext that one copy takes (S3 API, CopyObject and UploadPartCopy). */
const MAX_SOURCE_BYTES = 5 * 1024 ** 3;
/** Fields of a copy that speak of its source: whose it is, and the customer's key that it is under. */
const SOURCE_OWNER = "x-amz-source-expected-bucket-owner";
const SOURCE_KEY = "x-amz-copy-source-server-side-encryption-customer-";

/** A source that is there. */
export interface FoundSource {
  /** The backend's ETag. */
  readonly etag: string;
  /** The backend's answer to HEAD. */
  readonly headers: HeaderFields;
}

/** Looks at the source of a copy. Throws `PreconditionFailed` where a condition on it does not hold, and what the backend says of one that is missing. */
export async function findSource(
  request: S3Request,
  source: CopySource,
  rooms: Rooms,
): Promise<FoundSource> {
  const conditions = await sourceConditionsOf(request, source, rooms);
  const response = await headSource(request, source, { rooms, conditions });
  if (response.status === 304) throw s3Error("PreconditionFailed");
  if (response.status !== 200) throw await sourceFault(response, source, { request, rooms });
  await response.text();
  const { headers } = response;
  if (headers.etag) return { etag: headers.etag, headers };
  throw new Fault("backend.unavailable", "backend gave no ETag of the copy source");
}

/** Asks the backend for the source's head. */
export async function headSource(
  request: S3Request,
  { bucket, key, versionId }: CopySource,
  { rooms, conditions }: { rooms: Pick<Rooms, "backend">; conditions: HeaderFields },
): Promise<BackendResponse> {
  return await rooms.backend.send({
    method: "HEAD",
    bucket,
    key,
    ...identityOf(request),
    query: versionQuery(versionId),
    headers: { ...askingOfSource(request.headers), ...conditions },
    requestId: request.id,
    signal: request.signal,
  });
}

/** Refuses a source of more plaintext bytes than S3 copies at once (`InvalidRequest`). */
export function checkSourceSize(sizeBytes: number): void {
  if (sizeBytes <= MAX_SOURCE_BYTES) return;
  throw s3Error("InvalidRequest", {
    message: `The specified copy source is larger than the maximum allowable size for a copy source: ${MAX_SOURCE_BYTES}`,
  });
}

/** What a read of the source must say, under the names that a read has for it. */
export function askingOfSource(headers: HeaderFields): HeaderFields {
  const owner = headers[SOURCE_OWNER];
  const payer = headers["x-amz-request-payer"];
  const customerKey = Object.entries(headers)
    .filter(([name]) => name.startsWith(SOURCE_KEY))
    .map(([name, value]) => [name.replace("x-amz-copy-source-", "x-amz-"), value] as const);
  return {
    ...(owner === undefined ? {} : { "x-amz-expected-bucket-owner": owner }),
    ...(payer === undefined ? {} : { "x-amz-request-payer": payer }),
    ...Object.fromEntries(customerKey),
  };
}

/**
 * Header fields by which a backend that copies finds the source: in the client's form, which the bucket policies of the backend may
 * compare, but properly encoded. The re-issued header was made for exactly these bytes: an overwrite in between must not get it.
 */
export function namingSource(
  headers: HeaderFields,
  { bucket, key, versionId }: Pick<CopySource, "bucket" | "key" | "versionId">,
  etag: string,
): HeaderFields {
  const version = versionId === undefined ? "" : `?versionId=${encodeURIComponent(versionId)}`;
  const slash = /^(?:\/|%2F)/i.test(headers["x-amz-copy-source"] ?? "") ? "/" : "";
  const passed = Object.entries(headers).filter(
    ([name]) => name === SOURCE_OWNER || name.startsWith(SOURCE_KEY),
  );
  return {
    ...Object.fromEntries(passed),
    "x-amz-copy-source": `${slash}${encodeKey(`${bucket}/${key}`)}${version}`,
    "x-amz-copy-source-if-match": etag,
  };
}

/** A condition failed that the client did not set: it was the pin on the source. Any other error as it is. */
export function changedSince(error: unknown, headers: HeaderFields): unknown {
  const isClients = Object.keys(headers).some((name) => /^(?:x-amz-copy-source-)?if-/.test(name));
  const isPin = isFault(error, "backend.refused") && error.details.status === 412 && !isClients;
  return isPin
    ? new Fault("backend.changed", "copy source changed while it was copied", { cause: error })
    : error;
}

/** A HEAD has no error body: which thing is missing, bucket or object, is found out. */
async function sourceFault(
  response: BackendResponse,
  { bucket, key }: CopySource,
  { request, rooms }: { request: S3Request; rooms: Rooms },
): Promise<Fault> {
  const fault = await backendFault(response);
  if (response.status !== 404) return fault;
  const { id: requestId, signal } = request;
  const asking = { method: "HEAD", bucket, ...identityOf(request), requestId, signal } as const;
  const whole = await rooms.backend.send(asking);
  await whole.text();
  const missing =
    whole.status === 404
      ? {
          s3Code: "NoSuchBucket",
          s3Message: "The specified bucket does not exist.",
          BucketName: bucket,
        }
      : { s3Code: "NoSuchKey", s3Message: "The specified key does not exist.", Key: key };
  return new Fault("backend.refused", "copy source does not exist", {
    details: { ...shownHeadersOf(fault), status: 404, ...missing },
    cause: fault,
  });
}
