/** The numbers of sealed object format 2 (docs/format.md): sizes, suites, flags, names. Nothing here may change once written. */

/** Format version in the first byte of the header (format.md §4). */
export const FORMAT_VERSION = 2;
/** Plaintext bytes per chunk (format.md §2). */
export const CHUNK_BYTES = 65_536;
/** Authentication tag of both suites, in bytes. */
export const TAG_BYTES = 16;
/** Stored bytes of a full chunk. */
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;
/** Trailer as plaintext and as stored (format.md §6). */
export const TRAILER_PLAIN_BYTES = 112;
export const TRAILER_BYTES = TRAILER_PLAIN_BYTES + TAG_BYTES;
/** Data key, object id, commitment, MAC and each derived key. */
export const KEY_BYTES = 32;

/** Largest plaintext of a single PUT: its ciphertext is exactly 5 GiB or just below (format.md §6). */
export const MAX_OBJECT_BYTES = 5_367_398_576;
/** Largest plaintext of one part (format.md §7). */
export const MAX_PART_BYTES = 5_367_398_704;

/** AEAD suites (format.md §2). */
export const SUITE = { aes256Gcm: 1, chacha20Poly1305: 2 } as const;
export type SuiteNumber = (typeof SUITE)[keyof typeof SUITE];

/** Header flags (format.md §4). */
export const FLAG = { multipart: 1, sealedMetadata: 2, companionManifest: 4 } as const;

/** Metadata header that holds the object's header (format.md §4). */
export const HEADER_FIELD = "x-amz-meta-s3eg";
/** Metadata header that holds the object's sealed metadata, where it has FLAG.sealedMetadata (format.md §11). */
export const METADATA_FIELD = "x-amz-meta-s3eg-m";

/** Every provider name a header may carry (format.md §5). */
export const PROVIDERS = [
  "aes",
  "rsa",
  "password",
  "kmip",
  "transit",
  "aws-kms",
  "azure",
  "gcp",
  "pkcs11",
] as const;
export type Provider = (typeof PROVIDERS)[number];
