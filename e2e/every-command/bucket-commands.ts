/** A request for every command on buckets. */
import type { SentCommands } from "./sent-command.ts";

const Id = "one";
const ARN = "arn:aws:s3:::another-bucket";
const TABLES = "arn:aws:s3tables:us-east-1:111122223333:bucket/tables";

/** Commands that make buckets and look at them. */
export const firstCommands: SentCommands = {
  CreateBucket: ({ s3, Bucket }) => s3.createBucket({ Bucket }),
  HeadBucket: ({ s3, Bucket }) => s3.headBucket({ Bucket }),
  ListBuckets: ({ s3 }) => s3.listBuckets({}),
  ListDirectoryBuckets: ({ s3 }) => s3.listDirectoryBuckets({}),
  GetBucketLocation: ({ s3, Bucket }) => s3.getBucketLocation({ Bucket }),
  CreateSession: ({ s3, Bucket }) => s3.createSession({ Bucket }),
};

/** Commands on settings: each is written, read, listed and taken away. */
export const settingCommands: SentCommands = {
  PutBucketAcl: ({ s3, Bucket }) => s3.putBucketAcl({ Bucket, ACL: "private" }),
  GetBucketAcl: ({ s3, Bucket }) => s3.getBucketAcl({ Bucket }),
  PutBucketVersioning: ({ s3, Bucket }) =>
    s3.putBucketVersioning({ Bucket, VersioningConfiguration: { Status: "Suspended" } }),
  GetBucketVersioning: ({ s3, Bucket }) => s3.getBucketVersioning({ Bucket }),
  PutBucketTagging: ({ s3, Bucket }) =>
    s3.putBucketTagging({ Bucket, Tagging: { TagSet: [{ Key: "a", Value: "b" }] } }),
  GetBucketTagging: ({ s3, Bucket }) => s3.getBucketTagging({ Bucket }),
  DeleteBucketTagging: ({ s3, Bucket }) => s3.deleteBucketTagging({ Bucket }),
  PutBucketCors: ({ s3, Bucket }) =>
    s3.putBucketCors({
      Bucket,
      CORSConfiguration: { CORSRules: [{ AllowedMethods: ["GET"], AllowedOrigins: ["*"] }] },
    }),
  GetBucketCors: ({ s3, Bucket }) => s3.getBucketCors({ Bucket }),
  DeleteBucketCors: ({ s3, Bucket }) => s3.deleteBucketCors({ Bucket }),
  PutBucketPolicy: ({ s3, Bucket }) => s3.putBucketPolicy({ Bucket, Policy: policyOf(Bucket) }),
  GetBucketPolicy: ({ s3, Bucket }) => s3.getBucketPolicy({ Bucket }),
  GetBucketPolicyStatus: ({ s3, Bucket }) => s3.getBucketPolicyStatus({ Bucket }),
  DeleteBucketPolicy: ({ s3, Bucket }) => s3.deleteBucketPolicy({ Bucket }),
  PutBucketOwnershipControls: ({ s3, Bucket }) =>
    s3.putBucketOwnershipControls({
      Bucket,
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
    }),
  GetBucketOwnershipControls: ({ s3, Bucket }) => s3.getBucketOwnershipControls({ Bucket }),
  DeleteBucketOwnershipControls: ({ s3, Bucket }) => s3.deleteBucketOwnershipControls({ Bucket }),
  PutPublicAccessBlock: ({ s3, Bucket }) =>
    s3.putPublicAccessBlock({
      Bucket,
      PublicAccessBlockConfiguration: { BlockPublicAcls: true },
    }),
  GetPublicAccessBlock: ({ s3, Bucket }) => s3.getPublicAccessBlock({ Bucket }),
  DeletePublicAccessBlock: ({ s3, Bucket }) => s3.deletePublicAccessBlock({ Bucket }),
  PutBucketAbac: ({ s3, Bucket }) =>
    s3.putBucketAbac({ Bucket, AbacStatus: { Status: "Disabled" } }),
  GetBucketAbac: ({ s3, Bucket }) => s3.getBucketAbac({ Bucket }),
  PutBucketRequestPayment: ({ s3, Bucket }) =>
    s3.putBucketRequestPayment({
      Bucket,
      RequestPaymentConfiguration: { Payer: "BucketOwner" },
    }),
  GetBucketRequestPayment: ({ s3, Bucket }) => s3.getBucketRequestPayment({ Bucket }),
  PutBucketAccelerateConfiguration: ({ s3, Bucket }) =>
    s3.putBucketAccelerateConfiguration({
      Bucket,
      AccelerateConfiguration: { Status: "Suspended" },
    }),
  GetBucketAccelerateConfiguration: ({ s3, Bucket }) =>
    s3.getBucketAccelerateConfiguration({ Bucket }),
  PutObjectLockConfiguration: ({ s3, Bucket }) =>
    s3.putObjectLockConfiguration({
      Bucket,
      ObjectLockConfiguration: { ObjectLockEnabled: "Enabled" },
    }),
  GetObjectLockConfiguration: ({ s3, Bucket }) => s3.getObjectLockConfiguration({ Bucket }),
  PutBucketLifecycleConfiguration: ({ s3, Bucket }) =>
    s3.putBucketLifecycleConfiguration({
      Bucket,
      LifecycleConfiguration: {
        Rules: [{ ID: Id, Status: "Enabled", Filter: { Prefix: "old/" }, Expiration: { Days: 9 } }],
      },
    }),
  GetBucketLifecycleConfiguration: ({ s3, Bucket }) =>
    s3.getBucketLifecycleConfiguration({ Bucket }),
  DeleteBucketLifecycle: ({ s3, Bucket }) => s3.deleteBucketLifecycle({ Bucket }),
  PutBucketEncryption: ({ s3, Bucket }) =>
    s3.putBucketEncryption({
      Bucket,
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
      },
    }),
  GetBucketEncryption: ({ s3, Bucket }) => s3.getBucketEncryption({ Bucket }),
  DeleteBucketEncryption: ({ s3, Bucket }) => s3.deleteBucketEncryption({ Bucket }),
  PutBucketReplication: ({ s3, Bucket }) =>
    s3.putBucketReplication({
      Bucket,
      ReplicationConfiguration: {
        Role: "arn:aws:iam::111122223333:role/replication",
        Rules: [{ Status: "Enabled", Filter: { Prefix: "" }, Destination: { Bucket: ARN } }],
      },
    }),
  GetBucketReplication: ({ s3, Bucket }) => s3.getBucketReplication({ Bucket }),
  DeleteBucketReplication: ({ s3, Bucket }) => s3.deleteBucketReplication({ Bucket }),
  PutBucketWebsite: ({ s3, Bucket }) =>
    s3.putBucketWebsite({
      Bucket,
      WebsiteConfiguration: { IndexDocument: { Suffix: "index.html" } },
    }),
  GetBucketWebsite: ({ s3, Bucket }) => s3.getBucketWebsite({ Bucket }),
  DeleteBucketWebsite: ({ s3, Bucket }) => s3.deleteBucketWebsite({ Bucket }),
  PutBucketLogging: ({ s3, Bucket }) => s3.putBucketLogging({ Bucket, BucketLoggingStatus: {} }),
  GetBucketLogging: ({ s3, Bucket }) => s3.getBucketLogging({ Bucket }),
  PutBucketNotificationConfiguration: ({ s3, Bucket }) =>
    s3.putBucketNotificationConfiguration({ Bucket, NotificationConfiguration: {} }),
  GetBucketNotificationConfiguration: ({ s3, Bucket }) =>
    s3.getBucketNotificationConfiguration({ Bucket }),
  PutBucketIntelligentTieringConfiguration: ({ s3, Bucket }) =>
    s3.putBucketIntelligentTieringConfiguration({
      Bucket,
      Id,
      IntelligentTieringConfiguration: {
        Id,
        Status: "Enabled",
        Tierings: [{ Days: 90, AccessTier: "ARCHIVE_ACCESS" }],
      },
    }),
  GetBucketIntelligentTieringConfiguration: ({ s3, Bucket }) =>
    s3.getBucketIntelligentTieringConfiguration({ Bucket, Id }),
  ListBucketIntelligentTieringConfigurations: ({ s3, Bucket }) =>
    s3.listBucketIntelligentTieringConfigurations({ Bucket }),
  DeleteBucketIntelligentTieringConfiguration: ({ s3, Bucket }) =>
    s3.deleteBucketIntelligentTieringConfiguration({ Bucket, Id }),
};

function policyOf(bucket: string): string {
  const allowed = { Effect: "Allow", Principal: "*", Action: "s3:GetObject" };
  const Statement = [{ ...allowed, Resource: `arn:aws:s3:::${bucket}/public/*` }];
  return JSON.stringify({ Version: "2012-10-17", Statement });
}

/** Commands on reports, and those of metadata tables. */
export const reportCommands: SentCommands = {
  PutBucketInventoryConfiguration: ({ s3, Bucket }) =>
    s3.putBucketInventoryConfiguration({
      Bucket,
      Id,
      InventoryConfiguration: {
        Id,
        IsEnabled: true,
        IncludedObjectVersions: "Current",
        Schedule: { Frequency: "Daily" },
        Destination: { S3BucketDestination: { Bucket: ARN, Format: "CSV" } },
      },
    }),
  GetBucketInventoryConfiguration: ({ s3, Bucket }) =>
    s3.getBucketInventoryConfiguration({ Bucket, Id }),
  ListBucketInventoryConfigurations: ({ s3, Bucket }) =>
    s3.listBucketInventoryConfigurations({ Bucket }),
  DeleteBucketInventoryConfiguration: ({ s3, Bucket }) =>
    s3.deleteBucketInventoryConfiguration({ Bucket, Id }),
  PutBucketAnalyticsConfiguration: ({ s3, Bucket }) =>
    s3.putBucketAnalyticsConfiguration({
      Bucket,
      Id,
      AnalyticsConfiguration: { Id, StorageClassAnalysis: {} },
    }),
  GetBucketAnalyticsConfiguration: ({ s3, Bucket }) =>
    s3.getBucketAnalyticsConfiguration({ Bucket, Id }),
  ListBucketAnalyticsConfigurations: ({ s3, Bucket }) =>
    s3.listBucketAnalyticsConfigurations({ Bucket }),
  DeleteBucketAnalyticsConfiguration: ({ s3, Bucket }) =>
    s3.deleteBucketAnalyticsConfiguration({ Bucket, Id }),
  PutBucketMetricsConfiguration: ({ s3, Bucket }) =>
    s3.putBucketMetricsConfiguration({ Bucket, Id, MetricsConfiguration: { Id } }),
  GetBucketMetricsConfiguration: ({ s3, Bucket }) =>
    s3.getBucketMetricsConfiguration({ Bucket, Id }),
  ListBucketMetricsConfigurations: ({ s3, Bucket }) =>
    s3.listBucketMetricsConfigurations({ Bucket }),
  DeleteBucketMetricsConfiguration: ({ s3, Bucket }) =>
    s3.deleteBucketMetricsConfiguration({ Bucket, Id }),
  CreateBucketMetadataConfiguration: ({ s3, Bucket }) =>
    s3.createBucketMetadataConfiguration({
      Bucket,
      MetadataConfiguration: {
        JournalTableConfiguration: { RecordExpiration: { Expiration: "DISABLED" } },
      },
    }),
  GetBucketMetadataConfiguration: ({ s3, Bucket }) => s3.getBucketMetadataConfiguration({ Bucket }),
  DeleteBucketMetadataConfiguration: ({ s3, Bucket }) =>
    s3.deleteBucketMetadataConfiguration({ Bucket }),
  CreateBucketMetadataTableConfiguration: ({ s3, Bucket }) =>
    s3.createBucketMetadataTableConfiguration({
      Bucket,
      MetadataTableConfiguration: {
        S3TablesDestination: { TableBucketArn: TABLES, TableName: "t" },
      },
    }),
  GetBucketMetadataTableConfiguration: ({ s3, Bucket }) =>
    s3.getBucketMetadataTableConfiguration({ Bucket }),
  DeleteBucketMetadataTableConfiguration: ({ s3, Bucket }) =>
    s3.deleteBucketMetadataTableConfiguration({ Bucket }),
  UpdateBucketMetadataAnnotationTableConfiguration: ({ s3, Bucket }) =>
    s3.updateBucketMetadataAnnotationTableConfiguration({
      Bucket,
      AnnotationTableConfiguration: { ConfigurationState: "DISABLED" },
    }),
  UpdateBucketMetadataInventoryTableConfiguration: ({ s3, Bucket }) =>
    s3.updateBucketMetadataInventoryTableConfiguration({
      Bucket,
      InventoryTableConfiguration: { ConfigurationState: "DISABLED" },
    }),
  UpdateBucketMetadataJournalTableConfiguration: ({ s3, Bucket }) =>
    s3.updateBucketMetadataJournalTableConfiguration({
      Bucket,
      JournalTableConfiguration: { RecordExpiration: { Expiration: "DISABLED" } },
    }),
};

/** The command at the end. */
export const lastCommands: SentCommands = {
  DeleteBucket: ({ s3, Bucket }) => s3.deleteBucket({ Bucket }),
};
