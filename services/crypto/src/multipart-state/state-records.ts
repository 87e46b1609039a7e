/** How records of uploads are written down: JSON, read back through its schema. */
import { ChecksumName } from "@s3eg/shared/contracts/crypto.ts";
import { Suite } from "@s3eg/shared/contracts/keys.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { z } from "zod";
import type { PartAttempt, UploadRecord } from "./multipart-state.ts";

const UploadSchema: z.ZodType<UploadRecord> = z.object({
  uploadId: z.string(),
  bucket: z.string(),
  key: z.string(),
  boundBucket: z.string(),
  header: z.string(),
  suite: Suite,
  isSealed: z.boolean(),
  checksum: z
    .object({ algorithm: ChecksumName, type: z.enum(["FULL_OBJECT", "COMPOSITE"]) })
    .optional(),
  identity: z.string().optional(),
  createdAtMs: z.int(),
  policy: z.record(z.string(), z.union([z.string(), z.boolean()])),
});

const AttemptSchema: z.ZodType<WrittenAttempt> = z.object({
  partNumber: z.int(),
  etag: z.string(),
  salt: z.base64().transform((text) => Buffer.from(text, "base64")),
  size: z.int(),
  checksum: z.object({ algorithm: ChecksumName, value: z.string() }).optional(),
  md5: z.string().optional(),
  uploadedAtMs: z.int(),
  isParked: z.boolean(),
  backendEtag: z.string().optional(),
});
/** Its place in the order is the store's to give, and so is not written. */
type WrittenAttempt = Omit<PartAttempt, "sequence">;

const ResultSchema = z.object({ bucket: z.string(), key: z.string(), result: z.string() });
/** The answer to a Complete, and the place it was given for. */
type CompletedUpload = Readonly<z.infer<typeof ResultSchema>>;

/** An upload, written down. */
export function encodeUpload(upload: UploadRecord): Buffer {
  return Buffer.from(JSON.stringify(upload));
}

/** The upload that was written down. */
export function decodeUpload(bytes: Uint8Array): UploadRecord {
  return decode(UploadSchema, bytes);
}

/** An attempt, written down without its sequence. */
export function encodeAttempt(attempt: WrittenAttempt): Buffer {
  const salt = Buffer.from(attempt.salt).toString("base64");
  return Buffer.from(JSON.stringify({ ...attempt, sequence: undefined, salt }));
}

/** The attempt that was written down, at its place in the order. */
export function decodeAttempt(bytes: Uint8Array, sequence: number): PartAttempt {
  return { ...decode(AttemptSchema, bytes), sequence };
}

/** The answer to a Complete, written down. */
export function encodeResult({ bucket, key, result }: CompletedUpload): Buffer {
  return Buffer.from(JSON.stringify({ bucket, key, result }));
}

/** The answer that was written down. */
export function decodeResult(bytes: Uint8Array): CompletedUpload {
  return decode(ResultSchema, bytes);
}

function decode<Value>(schema: z.ZodType<Value>, bytes: Uint8Array): Value {
  const parsed = schema.safeParse(fromJson(Buffer.from(bytes).toString()));
  // It was sealed by us: so another version of this program wrote it.
  if (!parsed.success) throw new Fault("state.unavailable", "a state record cannot be read");
  return parsed.data;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
