/** What the store remembers, as JSON files beside the bytes. */
import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";

/** Checksum algorithms as S3 spells them. */
export const ChecksumAlgorithm = z.enum(["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]);
/** One of the algorithms. */
export type ChecksumAlgorithm = z.infer<typeof ChecksumAlgorithm>;

/** Whether a checksum is over the whole object or over the checksums of its parts. */
export const ChecksumType = z.enum(["FULL_OBJECT", "COMPOSITE"]);
/** One of the two. */
export type ChecksumType = z.infer<typeof ChecksumType>;

/** The bytes of an object, or of one of its parts: one file. `checksum` (base64) is that of a part. */
export const Piece = z.object({
  id: z.string(),
  size: z.int().nonnegative(),
  partNumber: z.int().optional(),
  checksum: z.string().optional(),
});
/** One file of bytes. */
export type Piece = z.infer<typeof Piece>;

/** Tags in the order they were given. */
export const Tags = z.array(z.tuple([z.string(), z.string()]));
/** Tags in the order they were given. */
export type Tags = z.infer<typeof Tags>;

/** A stored checksum; `value` is base64, of composite ones with `-N`. */
export const StoredChecksum = z.object({
  algorithm: ChecksumAlgorithm,
  type: ChecksumType,
  value: z.string(),
});
/** A stored checksum. */
export type StoredChecksum = z.infer<typeof StoredChecksum>;

/** One version of an object. `headers` are those to give back, lower-case names; `etag` has no quotes; times are ms since 1970. */
export const ObjectVersion = z.object({
  kind: z.literal("object"),
  versionId: z.string(),
  modifiedAt: z.number(),
  etag: z.string(),
  size: z.int().nonnegative(),
  headers: z.record(z.string(), z.string()),
  tags: Tags,
  storageClass: z.string(),
  isMultipart: z.boolean(),
  checksum: StoredChecksum.optional(),
  pieces: z.array(Piece),
});
/** One version of an object. */
export type ObjectVersion = z.infer<typeof ObjectVersion>;

/** A version that says "deleted". */
const DeleteMarker = z.object({
  kind: z.literal("delete-marker"),
  versionId: z.string(),
  modifiedAt: z.number(),
});
/** Any version. */
export type Version = ObjectVersion | z.infer<typeof DeleteMarker>;

/** A key with its versions, newest first. */
export const KeyRecord = z.object({
  key: z.string(),
  versions: z.array(z.discriminatedUnion("kind", [ObjectVersion, DeleteMarker])),
});
/** A key with its versions, newest first. */
export type KeyRecord = z.infer<typeof KeyRecord>;

/** Versioning of a bucket; `Off` until it is first enabled. */
export const Versioning = z.enum(["Off", "Enabled", "Suspended"]);
/** Versioning of a bucket. */
export type Versioning = z.infer<typeof Versioning>;

/** A bucket. */
export const BucketRecord = z.object({ createdAt: z.number(), versioning: Versioning });
/** A bucket. */
export type BucketRecord = z.infer<typeof BucketRecord>;

/** What CreateMultipartUpload was told, for the object to be. */
export const UploadRecord = z.object({
  uploadId: z.string(),
  key: z.string(),
  startedAt: z.number(),
  headers: z.record(z.string(), z.string()),
  tags: Tags,
  storageClass: z.string(),
  checksum: z.object({ algorithm: ChecksumAlgorithm, type: ChecksumType }).optional(),
});
/** An upload in progress. */
export type UploadRecord = z.infer<typeof UploadRecord>;

/** A part that was uploaded. `md5` is hex, `checksum` base64. */
export const PartRecord = z.object({
  partNumber: z.int(),
  modifiedAt: z.number(),
  md5: z.string(),
  piece: Piece,
});
/** A part that was uploaded. */
export type PartRecord = z.infer<typeof PartRecord>;

/** The version id of versions written while versioning is not enabled. */
export const NULL_VERSION = "null";

/** A name nobody can guess, usable as file name, version id and upload id. */
export function randomId(): string {
  return randomBytes(16).toString("hex");
}

/** Writes a record so that a reader, and a restart, sees the old or the new one. The folder must be there. */
export async function writeRecord(path: string, record: unknown): Promise<void> {
  const temporary = `${path}.${randomId()}.new`;
  await writeFile(temporary, JSON.stringify(record), { flag: "wx" });
  await rename(temporary, path);
}

/** Reads a record. Throws when it is not there or is not what it should be. */
export async function readRecord<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  return schema.parse(JSON.parse(await readFile(path, "utf8")));
}
