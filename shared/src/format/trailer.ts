/** The trailer of a single object: what is known of the plaintext only when it has ended (format.md §6). */
import { Fault } from "../faults.ts";
import { TRAILER_PLAIN_BYTES } from "./layout.ts";

/** Numbers of checksum algorithms in trailers and manifests, with the length of their value in bytes. */
export const CHECKSUM_ALGORITHMS = {
  crc32: { number: 1, bytes: 4 },
  crc32c: { number: 2, bytes: 4 },
  crc64nvme: { number: 3, bytes: 8 },
  sha1: { number: 4, bytes: 20 },
  sha256: { number: 5, bytes: 32 },
} as const;
export type ChecksumAlgorithm = keyof typeof CHECKSUM_ALGORITHMS;

/** Numbers of checksum types (S3 API, ChecksumType). */
const CHECKSUM_TYPES = { FULL_OBJECT: 1, COMPOSITE: 2 } as const;
export type ChecksumType = keyof typeof CHECKSUM_TYPES;

/** What a trailer says. */
export interface Trailer {
  /** MD5 of the plaintext, 16 bytes. */
  readonly md5?: Uint8Array;
  readonly checksum?: {
    readonly algorithm: ChecksumAlgorithm;
    readonly type: ChecksumType;
    readonly value: Uint8Array;
  };
}

const HAS = { md5: 1, checksum: 2 } as const;
const MD5_AT = 4;
const CHECKSUM_AT = 20;
const CHECKSUM_ROOM = 64;

/** The 112 plaintext bytes of a trailer. */
export function encodeTrailer(trailer: Trailer): Buffer {
  const bytes = Buffer.alloc(TRAILER_PLAIN_BYTES);
  bytes.writeUInt8(1, 0);
  let has = 0;
  if (trailer.md5) {
    has |= HAS.md5;
    bytes.set(trailer.md5, MD5_AT);
  }
  if (trailer.checksum) {
    has |= HAS.checksum;
    bytes.writeUInt8(CHECKSUM_ALGORITHMS[trailer.checksum.algorithm].number, 1);
    bytes.writeUInt8(CHECKSUM_TYPES[trailer.checksum.type], 2);
    bytes.set(trailer.checksum.value, CHECKSUM_AT);
  }
  bytes.writeUInt8(has, 3);
  return bytes;
}

/** Parses a trailer's plaintext; anything but the one encoding of valid fields is `crypto.integrity`. */
export function decodeTrailer(bytes: Buffer): Trailer {
  if (bytes.byteLength !== TRAILER_PLAIN_BYTES || bytes.readUInt8(0) !== 1) throw malformed();
  const has = bytes.readUInt8(3);
  const md5 = bytes.subarray(MD5_AT, CHECKSUM_AT);
  const trailer: Trailer = {
    ...((has & HAS.md5) !== 0 ? { md5 } : {}),
    ...((has & HAS.checksum) !== 0 ? { checksum: decodeChecksum(bytes) } : {}),
  };
  // One rule refuses unknown flags, values without their flag and non-zero padding: encoding again must give the same bytes.
  if (!encodeTrailer(trailer).equals(bytes)) throw malformed();
  return trailer;
}

function decodeChecksum(bytes: Buffer): NonNullable<Trailer["checksum"]> {
  const algorithm = nameOf(CHECKSUM_ALGORITHMS, (row) => row.number === bytes.readUInt8(1));
  const type = nameOf(CHECKSUM_TYPES, (number) => number === bytes.readUInt8(2));
  const room = bytes.subarray(CHECKSUM_AT, CHECKSUM_AT + CHECKSUM_ROOM);
  return { algorithm, type, value: room.subarray(0, CHECKSUM_ALGORITHMS[algorithm].bytes) };
}

function nameOf<Table extends Record<string, unknown>>(
  table: Table,
  isIt: (row: Table[keyof Table]) => boolean,
): keyof Table & string {
  for (const [name, row] of Object.entries(table)) {
    if (isIt(row as Table[keyof Table])) return name as keyof Table & string;
  }
  throw malformed();
}

function malformed(): Fault {
  return new Fault("crypto.integrity", "object trailer is malformed");
}
