/** What `crypto` answers: the transfers that carry object bytes, and what it announces of itself. */
import { z } from "zod";
import { announcement, download, question, upload } from "./contract.ts";
import { AskerProof, answerOf, KeyWish, Place, Suite, WrappingKey } from "./keys.ts";

const Headers = z.record(z.string(), z.string());

/** Where the object lies on the backend, and as whom it is asked for there. */
const Target = z.strictObject({
  bucket: z.string(),
  key: z.string(),
  versionId: z.string().optional(),
  /** Access key of the backend identity; absent: the default one. */
  identity: z.string().optional(),
});

/** Checksum algorithms of S3 (S3 API, "Checking object integrity"), by the name used in `x-amz-checksum-<name>`. */
export const ChecksumName = z.enum(["crc32", "crc32c", "crc64nvme", "sha1", "sha256"]);
export type ChecksumName = z.infer<typeof ChecksumName>;

/** A checksum of plaintext. */
const Checksum = z.strictObject({
  algorithm: ChecksumName,
  type: z.enum(["FULL_OBJECT", "COMPOSITE"]),
  value: z.base64(),
});

/** What is known of the plaintext only when it has ended; goes into the sealed trailer (format.md §6). */
export const PlaintextFacts = z.strictObject({
  /** Hex MD5, where it was computed. */
  md5: z.string().optional(),
  checksum: Checksum.optional(),
});
export type PlaintextFacts = z.infer<typeof PlaintextFacts>;

/** Asked by edge, answered by crypto: seal a body of known size and store it as one object. */
export const sealObject = upload("seal-object", {
  head: z.strictObject({
    target: Target,
    place: Place,
    suite: Suite,
    /** Plaintext size in bytes. */
    size: z.number().int().nonnegative(),
    /** False: stored as it is, where the bucket's policy is `contents: pass-through`. */
    isSealed: z.boolean().optional(),
    /** The key that the bucket's policy wants the object under; absent: the active one. */
    keyWish: KeyWish.optional(),
    /** True: metadata and content headers among `headers` are sealed (format.md §11). Absent: stored as they are. */
    sealsMetadata: z.boolean().optional(),
    /** Header fields to send to the backend as they are: metadata, content headers, conditions, ACL, tags, lock. */
    headers: Headers,
  }),
  tail: PlaintextFacts,
  result: z.object({
    /** The backend's ETag, with its quotes. */
    etag: z.string(),
    /** Absent where the object was stored as it is. */
    wrappedUnder: WrappingKey.optional(),
    /** The backend's other answer headers that a client may see (version id, encryption, expiration …). */
    headers: Headers,
  }),
});

/** Highest part number (S3 API, "Multipart upload limits"). */
const MAX_PART_NUMBER = 10_000;

/** One byte range as a client asks for it (RFC 9110 §14.1.2), inclusive; one of the two ends may be absent. */
export const ByteRange = z.union([
  z.strictObject({
    first: z.number().int().nonnegative(),
    last: z.number().int().nonnegative().optional(),
  }),
  z.strictObject({ suffix: z.number().int().nonnegative() }),
]);
export type ByteRange = z.infer<typeof ByteRange>;

/** What a bucket may contain (format.md §12). */
export const Contents = z.enum(["sealed", "sealed+legacy", "mixed", "pass-through"]);
export type Contents = z.infer<typeof Contents>;

/** True where objects that are not sealed may be read. */
export function mayReadPlain(contents: Contents): boolean {
  return contents === "mixed" || contents === "pass-through";
}

/** Asked by edge, answered by crypto: open an object, whole or one range of it. */
export const openObject = download("open-object", {
  head: z.strictObject({
    target: Target,
    place: Place,
    /** What the bucket's policy lets be read (format.md §12). */
    contents: Contents,
    range: ByteRange.optional(),
    /** One part, by its number, in place of a range: all of an object that was not uploaded in parts is its part 1. */
    part: z.number().int().min(1).max(MAX_PART_NUMBER).optional(),
    /** Conditions, already mapped to the backend's ETags, and other header fields of the request to pass on. */
    headers: Headers,
    /** Query parameters to pass on (response overrides). */
    query: z.array(z.tuple([z.string(), z.string()])),
  }),
  result: z.object({
    /** Size of the whole plaintext. */
    size: z.number().int().nonnegative(),
    /** False for a plain object of a bucket whose policy lets it be read. */
    isSealed: z.boolean(),
    /** True for an object of format 1, which is sealed, too. */
    isLegacy: z.boolean().optional(),
    /** The bytes that follow: offset and count within the plaintext. */
    range: z.object({
      offset: z.number().int().nonnegative(),
      length: z.number().int().nonnegative(),
    }),
    /** Of a part that was asked for, in an object that was uploaded in parts: how many it has, and the part's own checksum. */
    part: z
      .object({ count: z.number().int().positive(), checksum: Checksum.optional() })
      .optional(),
    /** The backend's answer headers, with the gateway's own metadata taken out. */
    headers: Headers,
  }),
});

/** What only a data key can tell of an object without reading it whole. */
export const ObjectFacts = z.object({
  /** Plaintext size in bytes. */
  size: z.number().int().nonnegative(),
  isSealed: z.boolean(),
  /** The ETag that S3 would give the plaintext, without quotes. Absent where the object was sealed without one. */
  etag: z.string().optional(),
  /** `partCount`: of a multipart object, the client's own number of parts. */
  checksum: Checksum.extend({ partCount: z.number().int().positive().optional() }).optional(),
});
export type ObjectFacts = z.infer<typeof ObjectFacts>;

/** Most objects in one `describeObjects`: with the longest keys the question still fits a message of 1 MiB. */
export const MAX_DESCRIBED = 100;

/** Asked by edge, answered by crypto: the facts of objects, each exactly as its ETag pins it; one answer per object, in order. */
export const describeObjects = question("crypto.object.describe", {
  input: z.strictObject({
    asker: AskerProof.optional(),
    bucket: z.string(),
    /** The policy's name for the bucket: with the key, what envelopes are bound to (format.md §5). */
    boundTo: z.string(),
    identity: z.string().optional(),
    contents: Contents,
    objects: z
      .array(
        z.strictObject({
          key: z.string(),
          versionId: z.string().optional(),
          /** The backend's ETag, with its quotes. An object that has another by now is `backend.changed`. */
          etag: z.string(),
        }),
      )
      .min(1)
      .max(MAX_DESCRIBED),
    /** Header fields of the client's request to pass on. Never a customer's key: it must not cross the bus. */
    headers: Headers,
  }),
  output: answerOf(
    z.object({
      described: z.array(
        z.union([
          z.object({ facts: ObjectFacts }),
          /** A fault in the form in which it crosses (faults.ts). */
          z.object({ fault: z.unknown() }),
        ]),
      ),
    }),
  ),
});

/** One part of an object that was uploaded in parts. */
export const ObjectPart = z.object({
  partNumber: z.number().int().min(1).max(MAX_PART_NUMBER),
  /** Plaintext bytes. */
  size: z.number().int().nonnegative(),
  /** Of the plaintext, in the algorithm of the object's checksum. */
  checksum: z.base64().optional(),
});
export type ObjectPart = z.infer<typeof ObjectPart>;

/**
 * Asked by edge, answered by crypto: the parts of an object that was uploaded in parts, as its manifest tells them (format.md §7). The
 * body is the JSON of an `ObjectPart[]` in rising order: ten thousand are too many for a message. `backend.changed` where the object
 * has another ETag by now.
 */
export const describeParts = download("describe-parts", {
  head: z.strictObject({
    target: Target,
    place: Place,
    /** The backend's ETag, with its quotes. */
    etag: z.string(),
    /** Header fields of the request to pass on; a customer's key, too. */
    headers: Headers,
  }),
  result: z.object({ facts: ObjectFacts }),
});

/** Announced by every crypto worker once a second and on change, heard by edge: where it is and how busy. */
export const workerAlive = announcement(
  "crypto.worker.alive",
  z.object({
    id: z.string(),
    url: z.string(),
    zone: z.string(),
    inflight: z.number().int().nonnegative(),
    capacity: z.number().int().positive(),
    isDraining: z.boolean(),
    announcedAtMs: z.number().int(),
    /** Proof that a holder of SERVICE_SECRET announces (trust/worker-proof.ts), base64. */
    mac: z.base64(),
  }),
);
export type WorkerAlive = z.infer<typeof workerAlive.fact>;
