/** A request for every command on objects and uploads. */
import type { SentCommands } from "./sent-command.ts";

const Key = "k";

/** Commands on objects, in an order in which each finds what it needs. */
export const objectCommands: SentCommands = {
  PutObject: ({ s3, Bucket }) => s3.putObject({ Bucket, Key, Body: "0123456789" }),
  HeadObject: ({ s3, Bucket }) => s3.headObject({ Bucket, Key }),
  GetObject: ({ s3, Bucket }) => s3.getObject({ Bucket, Key, Range: "bytes=0-3" }),
  GetObjectAttributes: ({ s3, Bucket }) =>
    s3.getObjectAttributes({ Bucket, Key, ObjectAttributes: ["ETag", "ObjectSize"] }),
  CopyObject: ({ s3, Bucket }) =>
    s3.copyObject({ Bucket, Key: "copy", CopySource: `${Bucket}/${Key}` }),
  ListObjects: ({ s3, Bucket }) => s3.listObjects({ Bucket }),
  ListObjectsV2: ({ s3, Bucket }) => s3.listObjectsV2({ Bucket }),
  ListObjectVersions: ({ s3, Bucket }) => s3.listObjectVersions({ Bucket }),
  PutObjectTagging: ({ s3, Bucket }) =>
    s3.putObjectTagging({ Bucket, Key, Tagging: { TagSet: [{ Key: "a", Value: "b" }] } }),
  GetObjectTagging: ({ s3, Bucket }) => s3.getObjectTagging({ Bucket, Key }),
  DeleteObjectTagging: ({ s3, Bucket }) => s3.deleteObjectTagging({ Bucket, Key }),
  PutObjectAcl: ({ s3, Bucket }) => s3.putObjectAcl({ Bucket, Key, ACL: "private" }),
  GetObjectAcl: ({ s3, Bucket }) => s3.getObjectAcl({ Bucket, Key }),
  PutObjectRetention: ({ s3, Bucket }) =>
    s3.putObjectRetention({
      Bucket,
      Key,
      Retention: { Mode: "GOVERNANCE", RetainUntilDate: new Date(Date.now() + 86_400_000) },
    }),
  GetObjectRetention: ({ s3, Bucket }) => s3.getObjectRetention({ Bucket, Key }),
  PutObjectLegalHold: ({ s3, Bucket }) =>
    s3.putObjectLegalHold({ Bucket, Key, LegalHold: { Status: "OFF" } }),
  GetObjectLegalHold: ({ s3, Bucket }) => s3.getObjectLegalHold({ Bucket, Key }),
  GetObjectTorrent: ({ s3, Bucket }) => s3.getObjectTorrent({ Bucket, Key }),
  RestoreObject: ({ s3, Bucket }) => s3.restoreObject({ Bucket, Key, RestoreRequest: { Days: 1 } }),
  SelectObjectContent: ({ s3, Bucket }) =>
    s3.selectObjectContent({
      Bucket,
      Key,
      Expression: "select * from S3Object",
      ExpressionType: "SQL",
      InputSerialization: { CSV: {} },
      OutputSerialization: { CSV: {} },
    }),
  RenameObject: ({ s3, Bucket }) =>
    s3.renameObject({ Bucket, Key: "renamed", RenameSource: `${Bucket}/${Key}` }),
  UpdateObjectEncryption: ({ s3, Bucket }) =>
    s3.updateObjectEncryption({
      Bucket,
      Key,
      ObjectEncryption: { SSEKMS: { KMSKeyArn: "arn:aws:kms:us-east-1:111122223333:key/a" } },
    }),
  PutObjectAnnotation: ({ s3, Bucket }) =>
    s3.putObjectAnnotation({ Bucket, Key, AnnotationName: "a", AnnotationPayload: "note" }),
  GetObjectAnnotation: ({ s3, Bucket }) =>
    s3.getObjectAnnotation({ Bucket, Key, AnnotationName: "a" }),
  ListObjectAnnotations: ({ s3, Bucket }) => s3.listObjectAnnotations({ Bucket, Key }),
  DeleteObjectAnnotation: ({ s3, Bucket }) =>
    s3.deleteObjectAnnotation({ Bucket, Key, AnnotationName: "a" }),
  WriteGetObjectResponse: ({ s3 }) =>
    s3.writeGetObjectResponse({ RequestRoute: "route", RequestToken: "token", Body: "x" }),
  CreateMultipartUpload: async (ground) => {
    const { s3, Bucket } = ground;
    const begun = await s3.createMultipartUpload({ Bucket, Key: "big" });
    ground.uploadId = begun.UploadId;
  },
  UploadPart: async (ground) => {
    const { s3, Bucket, uploadId: UploadId } = ground;
    const part = { Bucket, Key: "big", UploadId, PartNumber: 1 };
    ground.partEtag = (await s3.uploadPart({ ...part, Body: "part" })).ETag;
  },
  UploadPartCopy: ({ s3, Bucket, uploadId: UploadId }) =>
    s3.uploadPartCopy({
      Bucket,
      Key: "big",
      UploadId,
      PartNumber: 2,
      CopySource: `${Bucket}/${Key}`,
    }),
  ListParts: ({ s3, Bucket, uploadId: UploadId }) => s3.listParts({ Bucket, Key: "big", UploadId }),
  ListMultipartUploads: ({ s3, Bucket }) => s3.listMultipartUploads({ Bucket }),
  CompleteMultipartUpload: ({ s3, Bucket, uploadId: UploadId, partEtag: ETag }) =>
    s3.completeMultipartUpload({
      Bucket,
      Key: "big",
      UploadId,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
    }),
  AbortMultipartUpload: async ({ s3, Bucket }) => {
    const { UploadId } = await s3.createMultipartUpload({ Bucket, Key: "given-up" });
    await s3.abortMultipartUpload({ Bucket, Key: "given-up", UploadId });
  },
  DeleteObject: ({ s3, Bucket }) => s3.deleteObject({ Bucket, Key: "copy" }),
  DeleteObjects: ({ s3, Bucket }) =>
    s3.deleteObjects({ Bucket, Delete: { Objects: [{ Key }, { Key: "big" }] } }),
};
