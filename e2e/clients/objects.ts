/** Objects put and got through the AWS SDK, whole and in memory, for suites that look at what becomes of them. */
import { AssertionError } from "node:assert/strict";
import { hash, randomBytes } from "node:crypto";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
  UploadPartCommand,
} from "@aws-sdk/client-s3";

/** A bucket seen by one client. */
export interface Bucket {
  readonly s3: S3Client;
  readonly bucket: string;
}

/** Puts an object; `metadata` without the `x-amz-meta-` of the names. */
export async function putObject(
  { s3, bucket }: Bucket,
  key: string,
  content: { body: Buffer; metadata?: Record<string, string> },
): Promise<void> {
  const { body, metadata } = content;
  const where = { Bucket: bucket, Key: key };
  await s3.send(
    new PutObjectCommand({ ...where, Body: body, ...(metadata ? { Metadata: metadata } : {}) }),
  );
}

/** The bytes of an object, or of one range of it (`bytes=…`). Throws when the answer or its body breaks off. */
export async function getObject(
  { s3, bucket }: Bucket,
  key: string,
  range?: string,
): Promise<Buffer> {
  const where = { Bucket: bucket, Key: key, ...(range === undefined ? {} : { Range: range }) };
  const { Body } = await s3.send(new GetObjectCommand(where));
  if (Body === undefined) throw new Error("no body");
  return Buffer.from(await Body.transformToByteArray());
}

/** Puts an object in parts, one after the other. */
export async function putInParts(
  { s3, bucket }: Bucket,
  key: string,
  parts: readonly Buffer[],
): Promise<void> {
  const where = { Bucket: bucket, Key: key };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(where));
  const upload = { ...where, UploadId };
  const done = [];
  for (const [n, Body] of parts.entries()) {
    const PartNumber = n + 1;
    const { ETag } = await s3.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
    done.push({ PartNumber, ETag });
  }
  await s3.send(
    new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: done } }),
  );
}

/** Copies an object within the bucket. */
export async function copyObject({ s3, bucket }: Bucket, from: string, to: string): Promise<void> {
  const CopySource = encodeURI(`${bucket}/${from}`);
  await s3.send(new CopyObjectCommand({ Bucket: bucket, Key: to, CopySource }));
}

/** The first thousand keys that begin so. */
export async function keysOf({ s3, bucket }: Bucket, prefix = ""): Promise<string[]> {
  const asked = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix });
  const { Contents = [] } = await s3.send(asked);
  return Contents.map(({ Key = "" }) => Key);
}

/** The user metadata of an object. */
export async function metadataOf(
  { s3, bucket }: Bucket,
  key: string,
): Promise<Record<string, string>> {
  const { Metadata = {} } = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
  return Metadata;
}

/** True for a failure that an S3 client takes as "try again": a broken connection, or an answer of 5xx. */
export function isWorthAnotherTry(error: unknown): boolean {
  if (!(error instanceof S3ServiceException)) {
    return error instanceof Error && !(error instanceof AssertionError);
  }
  return (error.$metadata.httpStatusCode ?? 500) >= 500;
}

/** Content of its own, with its digest. */
export function randomContent(bytes: number): { body: Buffer; sha256: string } {
  const body = randomBytes(bytes);
  return { body, sha256: hash("sha256", body) };
}
