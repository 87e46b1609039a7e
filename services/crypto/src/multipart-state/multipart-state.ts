/**
 * What crypto knows of multipart uploads under way (format.md §7): the uploads, every attempt at a part, and the ciphertext of parts
 * too small to go up before it is known that they are the last. No key is in it: data keys stay wrapped in the header.
 */
import type { ChecksumName } from "@s3eg/shared/contracts/crypto.ts";
import type { SuiteNumber } from "@s3eg/shared/format/layout.ts";

/** An upload as it was created. */
export interface UploadRecord {
  /** The backend's upload id; the client has the same. */
  readonly uploadId: string;
  /** Where the object will lie on the backend. */
  readonly bucket: string;
  readonly key: string;
  /** The policy's name for the bucket: with the key, what the envelope is bound to (format.md §5). */
  readonly boundBucket: string;
  /** The object's header, as it is stored with the object (`x-amz-meta-s3eg`); empty where the object is not sealed. */
  readonly header: string;
  readonly suite: SuiteNumber;
  /** False where policy stores the bucket's multipart objects as they are. */
  readonly isSealed: boolean;
  readonly checksum?:
    | { readonly algorithm: ChecksumName; readonly type: "FULL_OBJECT" | "COMPOSITE" }
    | undefined;
  /** Access key of the backend identity; absent: the default one. */
  readonly identity?: string | undefined;
  readonly createdAtMs: number;
  /** The rules in force when the upload was created: they hold until it ends. */
  readonly policy: Readonly<Record<string, string | boolean>>;
}

/** An attempt at a part. */
export interface PartAttempt {
  readonly partNumber: number;
  /** What the client was told: the backend's ETag, or 128 random bits for a part that was parked or is not sealed. */
  readonly etag: string;
  /** 16 bytes, from which the part's key follows (format.md §7). */
  readonly salt: Uint8Array;
  /** Plaintext bytes. */
  readonly size: number;
  /** Of the plaintext; base64. */
  readonly checksum?: { readonly algorithm: ChecksumName; readonly value: string } | undefined;
  /** Of the plaintext; hex. */
  readonly md5?: string | undefined;
  readonly uploadedAtMs: number;
  /** Rises with every attempt of the upload: the highest of a part number is the one that counts. */
  readonly sequence: number;
  /** True while the ciphertext waits in the store. */
  readonly isParked: boolean;
  /** The backend's ETag of a part that was parked first and went up later, or is not sealed; the backend has every other one under `etag`. */
  readonly backendEtag?: string | undefined;
}

/** What a new attempt is recorded with. */
export type NewAttempt = Omit<PartAttempt, "sequence" | "isParked">;

/** An upload and the place it was created for: under another place it does not exist. */
export type UploadRef = Pick<UploadRecord, "uploadId" | "bucket" | "key">;

/** Names one attempt at a part. */
export type AttemptRef = Pick<PartAttempt, "partNumber" | "etag">;

/** What became of an attempt. */
export interface AddedAttempt {
  readonly sequence: number;
  /**
   * A parked attempt that must go up now, because more part numbers are parked than may be: the lowest, perhaps the one just
   * added. The caller uploads its ciphertext as it is, then calls `unpark`. Until then it stays readable.
   */
  readonly surplus?: PartAttempt;
}

/** An upload among all others. */
export interface ListedUpload {
  readonly upload: UploadRecord;
  /** When its state ends, by the store's clock, unless a part comes before. */
  readonly expiresAtMs: number;
}

/** What a healthy store tells of itself. */
export interface StateHealth {
  readonly activeUploads: number;
}

/** Parked ciphertext of one part is shorter than this: S3's least size of a part that is not the last. */
export const PARK_LIMIT_BYTES = 5 * 1024 * 1024;
/** Part numbers of one upload that are parked for good; one more sends the lowest up (format.md §7). */
export const MAX_PARKED_PARTS = 8;
/** By this share of `ttl_seconds` the state outlives its upload: in that time the upload is ended on the backend, too. */
export const STATE_GRACE = 1 / 8;
/** How long the answer to a Complete is kept for a client that did not get it. */
export const RESULT_TTL_MS = 3_600_000;

/**
 * The state of all uploads, shared by every worker. Nothing locks: each call is one atomic step. Everything of an upload ages out
 * together, `ttl_seconds` (and `STATE_GRACE`) after its last part. A store out of reach is `state.unavailable` (whether the step was done is then not
 * known; doing it again is safe), a full one `limit.busy`, a value that was tampered with `crypto.integrity`.
 */
export interface MultipartState extends AsyncDisposable {
  /** Records a new upload. An upload id that is in use already is `state.unavailable`. */
  create(upload: UploadRecord): Promise<void>;
  /** The upload; undefined where there is none at this place, or no longer. */
  find(upload: UploadRef): Promise<UploadRecord | undefined>;
  /** The upload at whatever place, for an operator who knows its id alone; undefined where there is none, or no longer. */
  findById(uploadId: string): Promise<UploadRecord | undefined>;
  /**
   * Records an attempt, together with its ciphertext where it is to be parked. Written once: another attempt with the same part
   * number and ETag makes both void, and is `state.unavailable`. The part's earlier parked ciphertext is dropped. An upload that is
   * not there is `state.unknown-upload`, and nothing is left behind.
   */
  addAttempt(
    upload: UploadRef,
    attempt: NewAttempt,
    parkedCiphertext?: Uint8Array,
  ): Promise<AddedAttempt>;
  /** Every attempt that is not void, by part number, then in order. An upload that is not there is `state.unknown-upload`. */
  attempts(upload: UploadRef): Promise<PartAttempt[]>;
  /** Ciphertext of a parked attempt; undefined once it went up, or a later attempt took its place. */
  parked(upload: UploadRef, attempt: AttemptRef): Promise<Uint8Array | undefined>;
  /**
   * Records that a parked attempt went up and got `backendEtag`; drops its ciphertext. Changes nothing where a later attempt took
   * its place. An upload that is not there is `state.unknown-upload`.
   */
  unpark(upload: UploadRef, attempt: PartAttempt, backendEtag: string): Promise<void>;
  /** All uploads, in no order; one that is created or ends meanwhile may be among them or not. */
  list(): AsyncIterable<ListedUpload>;
  /** Ends an upload: keeps `result` for an hour, or the one it has already, and drops everything else. */
  complete(upload: UploadRef, result: string): Promise<void>;
  /** What `complete` kept. */
  completedResult(upload: UploadRef): Promise<string | undefined>;
  /** Drops everything of an upload, its result included. One that is not there is no fault. */
  remove(upload: UploadRef): Promise<void>;
  /** Resolves when the store works. */
  check(): Promise<StateHealth>;
}
