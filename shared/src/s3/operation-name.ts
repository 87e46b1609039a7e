/** Which S3 operation a request is, by method, place, sub-resource and headers (S3 API, "Actions"). */

/** What of a request says so. */
export interface NamedRequest {
  readonly method: string;
  readonly bucket?: string | undefined;
  readonly key?: string | undefined;
  readonly query?: readonly (readonly [name: string, value: string])[] | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

const OF_OBJECTS: Readonly<Record<string, string>> = {
  "DELETE ": "DeleteObject",
  "DELETE tagging": "DeleteObjectTagging",
  "DELETE uploadId": "AbortMultipartUpload",
  "GET ": "GetObject",
  "GET acl": "GetObjectAcl",
  "GET legal-hold": "GetObjectLegalHold",
  "GET retention": "GetObjectRetention",
  "GET tagging": "GetObjectTagging",
  "GET uploadId": "ListParts",
  "HEAD ": "HeadObject",
  "POST restore": "RestoreObject",
  "POST uploadId": "CompleteMultipartUpload",
  "POST uploads": "CreateMultipartUpload",
  "PUT ": "PutObject",
  "PUT acl": "PutObjectAcl",
  "PUT legal-hold": "PutObjectLegalHold",
  "PUT retention": "PutObjectRetention",
  "PUT tagging": "PutObjectTagging",
  "PUT uploadId": "UploadPart",
};

const OF_BUCKETS: Readonly<Record<string, string>> = {
  "DELETE ": "DeleteBucket",
  "GET ": "ListObjects",
  "GET list-type": "ListObjectsV2",
  "GET object-lock": "GetObjectLockConfiguration",
  "GET uploads": "ListMultipartUploads",
  "GET versions": "ListObjectVersions",
  "HEAD ": "HeadBucket",
  "POST delete": "DeleteObjects",
  "PUT ": "CreateBucket",
  "PUT object-lock": "PutObjectLockConfiguration",
};

const COPIES: Readonly<Record<string, string>> = {
  PutObject: "CopyObject",
  UploadPart: "UploadPartCopy",
};

/** Every operation that has a name here; other settings of buckets have none. */
export const OPERATION_NAMES: ReadonlySet<string> = new Set([
  "ListBuckets",
  ...Object.values(OF_OBJECTS),
  ...Object.values(OF_BUCKETS),
  ...Object.values(COPIES),
]);

/** The name, as AWS spells it; undefined for an operation that has none here. */
export function operationName({
  method,
  bucket,
  key,
  query = [],
  headers = {},
}: NamedRequest): string | undefined {
  if (bucket === undefined) return method === "GET" ? "ListBuckets" : undefined;
  const names = key === undefined ? OF_BUCKETS : OF_OBJECTS;
  const asked = query.map(([name]) => names[`${method} ${name}`]).find((name) => name);
  const isPlain = query.every(([name]) => PARAMETERS.test(name));
  const found = asked ?? (isPlain ? names[`${method} `] : undefined);
  const isCopy = headers["x-amz-copy-source"] !== undefined;
  return isCopy && found !== undefined ? (COPIES[found] ?? found) : found;
}

/** Parameters that say how, and not what: any other one is a sub-resource that is not known here. */
const PARAMETERS =
  /^(?:versionId|partNumber|response-.*|prefix|delimiter|marker|max-keys|encoding-type|continuation-token|start-after|fetch-owner|x-id|x-amz-.*|X-Amz-.*)$/;
