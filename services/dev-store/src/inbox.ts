/** The operations this server has, and which of them a request is. Everything else is refused, never taken for something near it. */
import { abortMultipartUpload } from "./operations/abort-multipart-upload.ts";
import { completeMultipartUpload } from "./operations/complete-multipart-upload.ts";
import { copyObject } from "./operations/copy-object.ts";
import { createBucket } from "./operations/create-bucket.ts";
import { createMultipartUpload } from "./operations/create-multipart-upload.ts";
import { deleteBucket } from "./operations/delete-bucket.ts";
import { deleteObject } from "./operations/delete-object.ts";
import { deleteObjects } from "./operations/delete-objects.ts";
import { getBucketAcl, getObjectAcl } from "./operations/get-acl.ts";
import { getBucketLocation } from "./operations/get-bucket-location.ts";
import { getBucketVersioning } from "./operations/get-bucket-versioning.ts";
import { getObject, headObject } from "./operations/get-object.ts";
import { getObjectAttributes } from "./operations/get-object-attributes.ts";
import { headBucket } from "./operations/head-bucket.ts";
import { listBuckets } from "./operations/list-buckets.ts";
import { listMultipartUploads } from "./operations/list-multipart-uploads.ts";
import { listObjectVersions } from "./operations/list-object-versions.ts";
import { listObjects } from "./operations/list-objects.ts";
import { listObjectsV2 } from "./operations/list-objects-v2.ts";
import { listParts } from "./operations/list-parts.ts";
import {
  deleteObjectTagging,
  getObjectTagging,
  putObjectTagging,
} from "./operations/object-tagging.ts";
import { putBucketVersioning } from "./operations/put-bucket-versioning.ts";
import { putObject } from "./operations/put-object.ts";
import { uploadPart, uploadPartCopy } from "./operations/upload-part.ts";
import { S3Error } from "./s3/errors.ts";
import type { Operation, S3Request } from "./s3-request.ts";

const INBOX: readonly Operation[] = [
  listBuckets,
  createBucket,
  headBucket,
  deleteBucket,
  getBucketLocation,
  getBucketVersioning,
  putBucketVersioning,
  getBucketAcl,
  listObjects,
  listObjectsV2,
  listObjectVersions,
  listMultipartUploads,
  deleteObjects,
  putObject,
  copyObject,
  getObject,
  headObject,
  deleteObject,
  getObjectAcl,
  getObjectAttributes,
  getObjectTagging,
  putObjectTagging,
  deleteObjectTagging,
  createMultipartUpload,
  uploadPart,
  uploadPartCopy,
  listParts,
  completeMultipartUpload,
  abortMultipartUpload,
];

/** The operation a request is. Throws NotImplemented, or MethodNotAllowed for a method that S3 does not have. */
export function findOperation(
  request: Pick<S3Request, "method" | "bucket" | "key" | "query" | "headers">,
): Operation {
  if (!METHODS.has(request.method)) {
    throw new S3Error("MethodNotAllowed", { fields: { Method: request.method } });
  }
  const on = request.bucket === "" ? "service" : request.key === "" ? "bucket" : "object";
  const [found] = INBOX.filter(
    ({ method, on: level, marks = [], headerMark }) =>
      method === request.method &&
      level === on &&
      marks.every((name) => request.query.has(name)) &&
      (headerMark === undefined || request.headers[headerMark] !== undefined),
  ).sort((a, b) => markCount(b) - markCount(a));
  if (!found) throw new S3Error("NotImplemented");
  const known = new Set([...(found.marks ?? []), ...(found.parameters ?? [])]);
  for (const name of request.query.keys()) {
    // An unknown sub-resource read as none would turn, say, a PUT of a policy into a PUT of an object.
    if (!known.has(name) && !isForAll(name))
      throw new S3Error("NotImplemented", { fields: { Parameter: name } });
  }
  return found;
}

const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"]);

function markCount({ marks = [], headerMark }: Operation): number {
  return marks.length + (headerMark === undefined ? 0 : 1);
}

/** What presigned requests carry, and the operation's name that SDKs add. */
function isForAll(name: string): boolean {
  return name === "x-id" || name.toLowerCase().startsWith("x-amz-");
}
