/** What `crypto` answers of multipart uploads: it owns their state, their keys and their parts (format.md §7). Asked by edge. */
import { z } from "zod";
import { download, upload } from "./contract.ts";
import { ChecksumName, PlaintextFacts } from "./crypto.ts";
import { KeyWish, Place, Suite, WrappingKey } from "./keys.ts";

const Headers = z.record(z.string(), z.string());
const Target = z.strictObject({
  bucket: z.string(),
  key: z.string(),
  /** Access key of the backend identity; absent: the default one. */
  identity: z.string().optional(),
});
const ChecksumType = z.enum(["FULL_OBJECT", "COMPOSITE"]);
const UploadChecksum = z.strictObject({ algorithm: ChecksumName, type: ChecksumType });

const PartChecksum = z.object({ algorithm: ChecksumName, value: z.string() });

const NOTHING = z.strictObject({});

/** Begins an upload: a data key of its own, its header stored with the upload. A transfer without bytes, for the sake of its ticket. */
export const createUpload = upload("create-upload", {
  head: z.strictObject({
    target: Target,
    place: Place,
    suite: Suite,
    /** Header fields to store with the object: metadata, content headers, ACL, tags, lock. */
    headers: Headers,
    checksum: UploadChecksum.optional(),
    /** False: policy stores the object as it is. It holds for the whole upload, whatever becomes of the policy. Absent: sealed. */
    isSealed: z.boolean().optional(),
    /** The key that the policy wants the object under, which holds for the whole upload, too; absent: the active one. */
    keyWish: KeyWish.optional(),
    /** True: metadata and content headers among `headers` are sealed (format.md §11). Absent: stored as they are. */
    sealsMetadata: z.boolean().optional(),
  }),
  tail: NOTHING,
  result: z.object({
    uploadId: z.string(),
    /** Absent where the upload is stored as it is. */
    wrappedUnder: WrappingKey.optional(),
    headers: Headers,
  }),
});

/** Seals one attempt at a part and stores it on the backend, or parks it where it may turn out to be the last. */
export const sealPart = upload("seal-part", {
  head: z.strictObject({
    target: Target,
    uploadId: z.string(),
    partNumber: z.number().int().min(1).max(10_000),
    /** Plaintext bytes. */
    size: z.number().int().nonnegative(),
    /** Header fields of the request to pass on. */
    headers: Headers,
    /** Algorithm of the checksum that the client promised, was held to, and that the tail brings. */
    promised: ChecksumName.optional(),
    /** True: these bytes must not be stored unsealed, as the policy of the bucket they come from says. */
    mustSeal: z.boolean().optional(),
  }),
  tail: PlaintextFacts,
  result: z.object({
    etag: z.string(),
    /** Of the part's plaintext; of an upload that has a checksum always in its algorithm. */
    checksum: PartChecksum.optional(),
    headers: Headers,
  }),
});

/** One part as a client completes it. */
export const CompletedPart = z.strictObject({
  partNumber: z.number().int().min(1).max(10_000),
  etag: z.string(),
  /** The part's checksum, base64, where the client repeats it. */
  checksum: z.strictObject({ algorithm: ChecksumName, value: z.string() }).optional(),
});
export type CompletedPart = z.infer<typeof CompletedPart>;

/** Completes an upload. The body is the JSON of a `CompletedPart[]`: ten thousand parts are too many for a message. */
export const completeUpload = upload("complete-upload", {
  head: z.strictObject({
    target: Target,
    uploadId: z.string(),
    /** Conditions on the object, mapped to the backend's ETags. */
    headers: Headers,
    /** Plaintext bytes that the object may have; absent: as many as S3 takes. */
    maxObjectBytes: z.number().int().nonnegative().optional(),
    /** The checksum of the object as the client states it. */
    checksum: z.strictObject({ algorithm: ChecksumName, value: z.string() }).optional(),
  }),
  tail: NOTHING,
  result: z.object({
    /** The backend's ETag, with its quotes. */
    etag: z.string(),
    /** The ETag that S3 would give, without quotes; absent where a part has no MD5. */
    plainEtag: z.string().optional(),
    checksum: UploadChecksum.extend({ value: z.string() }).optional(),
    headers: Headers,
  }),
});

/** Gives an upload up: parts, parked parts and state. A transfer without bytes. */
export const abortUpload = upload("abort-upload", {
  head: z.strictObject({ target: Target, uploadId: z.string(), headers: Headers }),
  tail: NOTHING,
  result: z.object({}),
});

/** A part as ListParts shows it. */
export const ListedPart = z.object({
  partNumber: z.number().int(),
  /** Plaintext bytes. */
  size: z.number().int().nonnegative(),
  etag: z.string(),
  /** Hex MD5 of the plaintext, where it was computed. */
  md5: z.string().optional(),
  lastModifiedMs: z.number().int(),
  checksum: PartChecksum.optional(),
});
export type ListedPart = z.infer<typeof ListedPart>;

/** Lists the latest attempts at the parts of an upload. The body is the JSON of a `ListedPart[]`, in rising order. */
export const listParts = download("list-parts", {
  head: z.strictObject({ target: Target, uploadId: z.string() }),
  result: z.object({ checksum: UploadChecksum.optional() }),
});
