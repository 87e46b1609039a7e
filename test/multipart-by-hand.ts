/** Multipart objects of format 2 written a second time, from docs/format.md §7 alone, like format-by-hand.ts: slow, and lenient on purpose. */
import { aead, CHUNK, chunkByHand, hkdf, hmac, type RawKeys, unsigned } from "./format-by-hand.ts";

/** An entry of a manifest, as it is to be written, valid or not. */
export interface RawEntry {
  readonly partNumber: number;
  readonly size: number;
  readonly salt: Buffer;
  readonly checksum: Buffer;
}

/** Every field of a manifest, as it is to be written, valid or not. */
export interface RawManifest {
  readonly version: number;
  readonly algorithm: number;
  readonly type: number;
  readonly has: number;
  readonly totalSize: bigint;
  readonly md5OfMd5s: Buffer;
  /** At most 64 bytes; zeros follow. */
  readonly checksum: Buffer;
  readonly count: number;
  readonly entries: readonly RawEntry[];
}

/** Stored bytes of one part: its chunks under a key of its own. */
export function partByHand(
  suite: number,
  { keys, partNumber, salt }: { keys: RawKeys; partNumber: number; salt: Uint8Array },
  plaintext: Buffer,
): Buffer {
  const info = Buffer.concat([Buffer.from("s3eg/2/part"), unsigned(partNumber, 4)]);
  const key = hkdf(keys.dataKey, { salt, info }, 32);
  const count = Math.max(1, Math.ceil(plaintext.byteLength / CHUNK));
  const chunks = Array.from({ length: count }, (_, index) => {
    const piece = plaintext.subarray(index * CHUNK, (index + 1) * CHUNK);
    return chunkByHand(suite, { key, index, isFinal: index === count - 1 }, piece);
  });
  return Buffer.concat(chunks);
}

/** The fields of a manifest, without its padding. */
export function manifestByHand(manifest: RawManifest): Buffer {
  const { version, algorithm, type, has, totalSize, md5OfMd5s, checksum, count } = manifest;
  const entries = manifest.entries.map(({ partNumber, size, salt, checksum: own }) =>
    Buffer.concat([
      unsigned(partNumber, 2),
      unsigned(size, 8),
      salt,
      Uint8Array.of(own.byteLength),
      own,
    ]),
  );
  return Buffer.concat([
    Uint8Array.of(version, algorithm, type, has),
    unsigned(totalSize, 8),
    md5OfMd5s,
    checksum,
    Buffer.alloc(64 - checksum.byteLength),
    unsigned(count, 2),
    ...entries,
  ]);
}

/** Stored bytes of an object of `size` plaintext bytes in so many backend parts. */
export function canonicalSize(size: number, backendParts: number): number {
  const N = backendParts;
  return size + 16 * Math.ceil(size / CHUNK) + 16 * (N + 1) + 256 + 96 * N;
}

/** A region of exactly `length` bytes. `fields` are followed by zeros, or by what `padding` begins with. */
export function regionByHand(
  suite: number,
  keys: RawKeys,
  {
    fields,
    length,
    padding = Buffer.alloc(0),
  }: { fields: Buffer; length: number; padding?: Buffer },
): Buffer {
  const zeros = length - 36 - fields.byteLength - padding.byteLength;
  const plain = Buffer.concat([fields, padding, Buffer.alloc(Math.max(0, zeros))]);
  const label = Buffer.from("s3eg/2/manifest-nonce");
  const nonce = hmac(keys.headerKey, Buffer.concat([label, plain])).subarray(0, 12);
  const sealed = aead(suite, { key: keys.manifestKey, nonce }, plain);
  return Buffer.concat([sealed, nonce, unsigned(length, 4), Buffer.from("S3EG")]);
}
