/**
 * Everything that is set on a bucket and read back: documents that hold no object bytes, passed through as they are. Where a rule of
 * them speaks of sizes or ETags (lifecycle, inventory, notification), it speaks of the stored object's: the backend applies it.
 */
import type { Operation } from "./operation.ts";
import { passThrough } from "./pass-through.ts";

type Row = readonly [name: string, method: Operation["method"], ...subresources: string[]];

const ROWS: readonly Row[] = [
  // Who may
  ["GetBucketAcl", "GET", "acl"],
  ["PutBucketAcl", "PUT", "acl"],
  ["GetBucketPolicy", "GET", "policy"],
  ["PutBucketPolicy", "PUT", "policy"],
  ["DeleteBucketPolicy", "DELETE", "policy"],
  ["GetBucketPolicyStatus", "GET", "policyStatus"],
  ["GetBucketOwnershipControls", "GET", "ownershipControls"],
  ["PutBucketOwnershipControls", "PUT", "ownershipControls"],
  ["DeleteBucketOwnershipControls", "DELETE", "ownershipControls"],
  ["GetPublicAccessBlock", "GET", "publicAccessBlock"],
  ["PutPublicAccessBlock", "PUT", "publicAccessBlock"],
  ["DeletePublicAccessBlock", "DELETE", "publicAccessBlock"],
  ["GetBucketAbac", "GET", "abac"],
  ["PutBucketAbac", "PUT", "abac"],
  ["GetBucketCors", "GET", "cors"],
  ["PutBucketCors", "PUT", "cors"],
  ["DeleteBucketCors", "DELETE", "cors"],
  ["GetBucketRequestPayment", "GET", "requestPayment"],
  ["PutBucketRequestPayment", "PUT", "requestPayment"],
  // What becomes of its objects
  ["GetBucketVersioning", "GET", "versioning"],
  ["PutBucketVersioning", "PUT", "versioning"],
  ["GetObjectLockConfiguration", "GET", "object-lock"],
  ["PutObjectLockConfiguration", "PUT", "object-lock"],
  ["GetBucketLifecycleConfiguration", "GET", "lifecycle"],
  ["PutBucketLifecycleConfiguration", "PUT", "lifecycle"],
  ["DeleteBucketLifecycle", "DELETE", "lifecycle"],
  ["GetBucketReplication", "GET", "replication"],
  ["PutBucketReplication", "PUT", "replication"],
  ["DeleteBucketReplication", "DELETE", "replication"],
  ["GetBucketEncryption", "GET", "encryption"],
  ["PutBucketEncryption", "PUT", "encryption"],
  ["DeleteBucketEncryption", "DELETE", "encryption"],
  ["GetBucketIntelligentTieringConfiguration", "GET", "intelligent-tiering", "id"],
  ["ListBucketIntelligentTieringConfigurations", "GET", "intelligent-tiering"],
  ["PutBucketIntelligentTieringConfiguration", "PUT", "intelligent-tiering"],
  ["DeleteBucketIntelligentTieringConfiguration", "DELETE", "intelligent-tiering"],
  // How it is served
  ["GetBucketWebsite", "GET", "website"],
  ["PutBucketWebsite", "PUT", "website"],
  ["DeleteBucketWebsite", "DELETE", "website"],
  ["GetBucketAccelerateConfiguration", "GET", "accelerate"],
  ["PutBucketAccelerateConfiguration", "PUT", "accelerate"],
  // What is told of it
  ["GetBucketTagging", "GET", "tagging"],
  ["PutBucketTagging", "PUT", "tagging"],
  ["DeleteBucketTagging", "DELETE", "tagging"],
  ["GetBucketNotificationConfiguration", "GET", "notification"],
  ["PutBucketNotificationConfiguration", "PUT", "notification"],
  ["GetBucketLogging", "GET", "logging"],
  ["PutBucketLogging", "PUT", "logging"],
  ["GetBucketInventoryConfiguration", "GET", "inventory", "id"],
  ["ListBucketInventoryConfigurations", "GET", "inventory"],
  ["PutBucketInventoryConfiguration", "PUT", "inventory"],
  ["DeleteBucketInventoryConfiguration", "DELETE", "inventory"],
  ["GetBucketAnalyticsConfiguration", "GET", "analytics", "id"],
  ["ListBucketAnalyticsConfigurations", "GET", "analytics"],
  ["PutBucketAnalyticsConfiguration", "PUT", "analytics"],
  ["DeleteBucketAnalyticsConfiguration", "DELETE", "analytics"],
  ["GetBucketMetricsConfiguration", "GET", "metrics", "id"],
  ["ListBucketMetricsConfigurations", "GET", "metrics"],
  ["PutBucketMetricsConfiguration", "PUT", "metrics"],
  ["DeleteBucketMetricsConfiguration", "DELETE", "metrics"],
];

/** The operations on bucket settings. */
export const bucketSettings: readonly Operation[] = ROWS.map(([name, method, ...subresources]) =>
  passThrough({ name, method, level: "bucket", subresources }),
);
