/** The manifest of a multipart object: which parts it has, in plaintext form (format.md §7). */
import { Fault } from "../faults.ts";
import { FieldReader } from "./bytes.ts";
import { MAX_PART_BYTES } from "./layout.ts";
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm, type ChecksumType } from "./trailer.ts";

/** One part, as the client completed it. */
export interface ManifestPart {
  readonly partNumber: number;
  /** Plaintext bytes. */
  readonly size: number;
  /** 16 bytes, random for every attempt at the part. */
  readonly salt: Uint8Array;
  /** The part's own checksum, in the manifest's algorithm. */
  readonly checksum?: Uint8Array;
}

/** What a manifest says. */
export interface Manifest {
  /** In rising order of their numbers. */
  readonly parts: readonly ManifestPart[];
  /** MD5 of the parts' MD5s, 16 bytes (S3 API, ETags of multipart objects). */
  readonly md5OfMd5s?: Uint8Array;
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksum?: { readonly type: ChecksumType; readonly value: Uint8Array };
}

const VERSION = 1;
const HAS = { md5: 1, checksum: 2 } as const;
const TYPE_NUMBERS = { FULL_OBJECT: 1, COMPOSITE: 2 } as const;
const SALT_BYTES = 16;
const CHECKSUM_ROOM = 64;
const FIXED_BYTES = 94;
const MAX_PARTS = 10_000;

/** Encodes a manifest into exactly `length` bytes; the rest is zero padding. Throws RangeError if it does not fit. */
export function encodeManifest(manifest: Manifest, length: number): Buffer {
  const { parts, md5OfMd5s, checksumAlgorithm, checksum } = manifest;
  const bytes = Buffer.alloc(length);
  bytes.writeUInt8(VERSION, 0);
  if (checksumAlgorithm) bytes.writeUInt8(CHECKSUM_ALGORITHMS[checksumAlgorithm].number, 1);
  if (checksum) bytes.writeUInt8(TYPE_NUMBERS[checksum.type], 2);
  bytes.writeUInt8((md5OfMd5s ? HAS.md5 : 0) | (checksum ? HAS.checksum : 0), 3);
  bytes.writeBigUInt64BE(BigInt(totalSizeOf(parts)), 4);
  if (md5OfMd5s) bytes.set(md5OfMd5s, 12);
  if (checksum) bytes.set(checksum.value, 28);
  bytes.writeUInt16BE(parts.length, 92);
  let at = FIXED_BYTES;
  for (const part of parts) {
    const own = part.checksum ?? Buffer.alloc(0);
    bytes.writeUInt16BE(part.partNumber, at);
    bytes.writeBigUInt64BE(BigInt(part.size), at + 2);
    bytes.set(part.salt, at + 10);
    bytes.writeUInt8(own.byteLength, at + 26);
    bytes.set(own, at + 27);
    at += 27 + own.byteLength;
  }
  return bytes;
}

/** Parses a manifest; anything but the one encoding of valid fields is `crypto.integrity`. */
export function decodeManifest(bytes: Buffer): Manifest {
  const reader = new FieldReader(bytes, "object manifest");
  if (reader.u8() !== VERSION) throw malformed();
  const algorithmNumber = reader.u8();
  const typeNumber = reader.u8();
  const has = reader.u8();
  const totalSize = reader.u64();
  const md5OfMd5s = reader.bytes(16);
  const room = reader.bytes(CHECKSUM_ROOM);
  const checksumAlgorithm = algorithmOf(algorithmNumber);
  const parts = readParts(reader, checksumAlgorithm);
  if (BigInt(totalSizeOf(parts)) !== totalSize) throw malformed();
  const manifest: Manifest = {
    parts,
    ...((has & HAS.md5) !== 0 ? { md5OfMd5s } : {}),
    ...(checksumAlgorithm ? { checksumAlgorithm } : {}),
    ...((has & HAS.checksum) !== 0
      ? { checksum: checksumOf(room, typeNumber, checksumAlgorithm) }
      : {}),
  };
  // Unknown flags, values without their flag and non-zero padding show in that encoding again gives other bytes.
  if (!encodeManifest(manifest, bytes.byteLength).equals(bytes)) throw malformed();
  return manifest;
}

/** Plaintext bytes of all parts. */
export function totalSizeOf(parts: readonly ManifestPart[]): number {
  return parts.reduce((sum, { size }) => sum + size, 0);
}

function readParts(reader: FieldReader, algorithm: ChecksumAlgorithm | undefined): ManifestPart[] {
  const count = reader.u16();
  if (count === 0 || count > MAX_PARTS) throw malformed();
  const parts: ManifestPart[] = [];
  let before = 0;
  for (let index = 0; index < count; index += 1) {
    const partNumber = reader.u16();
    const size = reader.u64();
    const salt = reader.bytes(SALT_BYTES);
    const checksum = reader.bytes(reader.u8());
    const isKnownLength =
      checksum.byteLength === 0 ||
      (algorithm && CHECKSUM_ALGORITHMS[algorithm].bytes === checksum.byteLength);
    const isInOrder = partNumber > before && partNumber <= MAX_PARTS;
    if (!isInOrder || size > BigInt(MAX_PART_BYTES) || !isKnownLength) throw malformed();
    before = partNumber;
    parts.push({
      partNumber,
      size: Number(size),
      salt,
      ...(checksum.byteLength > 0 ? { checksum } : {}),
    });
  }
  return parts;
}

function algorithmOf(number: number): ChecksumAlgorithm | undefined {
  if (number === 0) return undefined;
  const found = Object.entries(CHECKSUM_ALGORITHMS).find(([, row]) => row.number === number);
  if (!found) throw malformed();
  return found[0] as ChecksumAlgorithm;
}

function checksumOf(
  room: Buffer,
  typeNumber: number,
  algorithm: ChecksumAlgorithm | undefined,
): NonNullable<Manifest["checksum"]> {
  const type = Object.entries(TYPE_NUMBERS).find(([, number]) => number === typeNumber);
  if (!type || !algorithm) throw malformed();
  return {
    type: type[0] as ChecksumType,
    value: room.subarray(0, CHECKSUM_ALGORITHMS[algorithm].bytes),
  };
}

function malformed(): Fault {
  return new Fault("crypto.integrity", "object manifest is malformed");
}
