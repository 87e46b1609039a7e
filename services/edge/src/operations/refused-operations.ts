/** Operations of S3 that the gateway refuses, and why. Nothing of them reaches the backend (docs/s3-coverage.md). */
import { s3Error } from "../s3/errors.ts";
import type { Operation } from "./operation.ts";

const SESSIONS = "sessions of directory buckets bypass the gateway's own credentials";
const TORRENT = "a torrent would hand out ciphertext";
const SELECT = "the backend cannot search ciphertext";
const RENAME = "a sealed object is bound to its place; copy it and delete the source";
const KEYS = "the gateway holds the keys of sealed objects";
const APPEND = "a sealed object cannot grow";
const TABLES = "metadata tables would describe the stored objects, not those a client sees";
const ANNOTATION = "an annotation is content that would be stored unsealed";

type Row = readonly [
  name: string,
  method: Operation["method"],
  level: Operation["level"],
  why: string,
  ...subresources: string[],
];

const ROWS: readonly Row[] = [
  ["CreateSession", "GET", "bucket", SESSIONS, "session"],
  ["GetObjectTorrent", "GET", "object", TORRENT, "torrent"],
  ["SelectObjectContent", "POST", "object", SELECT, "select", "select-type"],
  ["RenameObject", "PUT", "object", RENAME, "renameObject"],
  ["UpdateObjectEncryption", "PUT", "object", KEYS, "encryption"],
  ["AppendObject", "PUT", "object", APPEND, "append"],
  ["CreateBucketMetadataConfiguration", "POST", "bucket", TABLES, "metadataConfiguration"],
  ["GetBucketMetadataConfiguration", "GET", "bucket", TABLES, "metadataConfiguration"],
  ["DeleteBucketMetadataConfiguration", "DELETE", "bucket", TABLES, "metadataConfiguration"],
  ["CreateBucketMetadataTableConfiguration", "POST", "bucket", TABLES, "metadataTable"],
  ["GetBucketMetadataTableConfiguration", "GET", "bucket", TABLES, "metadataTable"],
  ["DeleteBucketMetadataTableConfiguration", "DELETE", "bucket", TABLES, "metadataTable"],
  [
    "UpdateBucketMetadataAnnotationTableConfiguration",
    "PUT",
    "bucket",
    TABLES,
    "metadataAnnotationTable",
  ],
  [
    "UpdateBucketMetadataInventoryTableConfiguration",
    "PUT",
    "bucket",
    TABLES,
    "metadataInventoryTable",
  ],
  [
    "UpdateBucketMetadataJournalTableConfiguration",
    "PUT",
    "bucket",
    TABLES,
    "metadataJournalTable",
  ],
  ["GetObjectAnnotation", "GET", "object", ANNOTATION, "annotation", "annotationName"],
  ["ListObjectAnnotations", "GET", "object", ANNOTATION, "annotation"],
  ["PutObjectAnnotation", "PUT", "object", ANNOTATION, "annotation"],
  ["DeleteObjectAnnotation", "DELETE", "object", ANNOTATION, "annotation"],
];

/** The operations that are known and refused. */
export const refusedOperations: readonly Operation[] = ROWS.map(
  ([name, method, level, why, ...subresources]) =>
    refused({ name, method, level, subresources }, why),
);

/** An operation that answers every request with `NotImplemented` and says why. */
export function refused(operation: Omit<Operation, "run">, why: string): Operation {
  return {
    ...operation,
    async run() {
      await Promise.resolve();
      throw s3Error("NotImplemented", { message: `${operation.name} is not available: ${why}.` });
    },
  };
}
