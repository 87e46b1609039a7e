/** The names of query parameters that S3 knows (S3 API, request syntax of every operation). */

/** Parameters that choose the operation. */
export const SUBRESOURCES: ReadonlySet<string> = new Set([
  "abac",
  "accelerate",
  "acl",
  "analytics",
  "annotation",
  "append",
  "attributes",
  "cors",
  "delete",
  "encryption",
  "intelligent-tiering",
  "inventory",
  "legal-hold",
  "lifecycle",
  "list-type",
  "location",
  "logging",
  "metadataAnnotationTable",
  "metadataConfiguration",
  "metadataInventoryTable",
  "metadataJournalTable",
  "metadataTable",
  "metrics",
  "notification",
  "object-lock",
  "ownershipControls",
  "policy",
  "policyStatus",
  "publicAccessBlock",
  "renameObject",
  "replication",
  "requestPayment",
  "restore",
  "retention",
  "select",
  "select-type",
  "session",
  "tagging",
  "torrent",
  "uploadId",
  "uploads",
  "versioning",
  "versions",
  "website",
]);

/**
 * Parameters that say more about the operation. Three are Ceph's: `allow-unordered` of listings, `usage` of ListBuckets and
 * `read-stats` of HeadBucket, which count what is stored.
 */
const PARAMETERS: ReadonlySet<string> = new Set([
  "allow-unordered",
  "bucket-region",
  "continuation-token",
  "delimiter",
  "encoding-type",
  "fetch-owner",
  "id",
  "key-marker",
  "marker",
  "max-buckets",
  "max-keys",
  "max-parts",
  "max-uploads",
  "part-number-marker",
  "partNumber",
  "prefix",
  "read-stats",
  "start-after",
  "upload-id-marker",
  "usage",
  "version-id-marker",
  "versionId",
]);

/**
 * True for a parameter that a passed-through request keeps. What S3 does not know a backend might: it is left out, so that no
 * extension shows stored bytes or the gateway's own metadata.
 */
export function isPassedParameter(name: string): boolean {
  return SUBRESOURCES.has(name) || PARAMETERS.has(name);
}

/** True for a bare parameter (`?name`) that S3 does not know: it looks like an operation that nobody here has heard of. */
export function isUnknownSubresource(name: string, value: string): boolean {
  return (
    value === "" && !isPassedParameter(name) && !name.startsWith("response-") && !isSigned(name)
  );
}

/** What presigned URLs (SigV4 and SigV2) and the SDKs add. */
function isSigned(name: string): boolean {
  return /^(?:x-amz-.*|x-id|awsaccesskeyid|signature|expires)$/i.test(name);
}
