/** The operation table of edge: every S3 operation there is an answer to. What is not listed is `NotImplemented`. */

import { abortMultipartUpload } from "./operations/abort-multipart-upload.ts";
import { bucketSettings } from "./operations/bucket-settings.ts";
import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  headBucket,
  listBuckets,
} from "./operations/buckets.ts";
import { completeMultipartUpload } from "./operations/complete-multipart-upload.ts";
import { copyObject } from "./operations/copy-object.ts";
import { createMultipartUpload } from "./operations/create-multipart-upload.ts";
import { deleteObject } from "./operations/delete-object.ts";
import { deleteObjects } from "./operations/delete-objects.ts";
import { getObject } from "./operations/get-object.ts";
import { getObjectAttributes } from "./operations/get-object-attributes.ts";
import { headObject } from "./operations/head-object.ts";
import { listMultipartUploads } from "./operations/list-multipart-uploads.ts";
import { listObjects, listObjectsV2, listObjectVersions } from "./operations/list-objects.ts";
import { listParts } from "./operations/list-parts.ts";
import { objectSettings } from "./operations/object-settings.ts";
import type { Operation } from "./operations/operation.ts";
import { postObject } from "./operations/post-object.ts";
import { putObject } from "./operations/put-object.ts";
import { refused, refusedOperations } from "./operations/refused-operations.ts";
import { uploadPart } from "./operations/upload-part.ts";
import { uploadPartCopy } from "./operations/upload-part-copy.ts";

const UPLOADS: readonly Operation[] = [
  createMultipartUpload,
  uploadPart,
  uploadPartCopy,
  completeMultipartUpload,
  abortMultipartUpload,
  listParts,
  listMultipartUploads,
];

/** Every operation of the gateway. */
export const OPERATIONS: readonly Operation[] = [
  listBuckets,
  createBucket,
  headBucket,
  deleteBucket,
  getBucketLocation,
  listObjects,
  listObjectsV2,
  listObjectVersions,
  putObject,
  postObject,
  getObject,
  headObject,
  getObjectAttributes,
  deleteObject,
  deleteObjects,
  copyObject,
  ...UPLOADS,
  ...bucketSettings,
  ...objectSettings,
];

/** Operations that are known and answered with a refusal that says why. */
const REFUSED: readonly Operation[] = refusedOperations;

/** What is answered. With `server.disable_multipart_uploads` the operations of uploads are refused, too. */
export function answeredOperations(settings: { disablesUploads: boolean }): readonly Operation[] {
  if (!settings.disablesUploads) return [...OPERATIONS, ...REFUSED];
  const others = OPERATIONS.filter((operation) => !UPLOADS.includes(operation));
  const why = "multipart uploads are switched off on this server";
  return [...others, ...UPLOADS.map((operation) => refused(operation, why)), ...REFUSED];
}
