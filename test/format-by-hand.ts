/**
 * Format 2 written a second time, from docs/format.md alone and with nothing but node:crypto, so that the frozen vectors do not
 * only agree with the code they test. Slow and lenient on purpose: it also makes the malformed objects of the vectors.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac } from "node:crypto";

/** Plaintext bytes of a full chunk, and bytes of a full chunk as stored (format.md §2). */
export const CHUNK = 65_536;
export const SEALED_CHUNK = CHUNK + 16;

/** Every field of a header, as it is to be written, valid or not (format.md §4). */
export interface RawHeader {
  readonly version: number;
  readonly suite: number;
  readonly flags: number;
  readonly objectId: Buffer;
  readonly commitment: Buffer;
  readonly plaintextSize: bigint;
  readonly createdAtMs: bigint;
  readonly provider: Buffer;
  readonly keyId: Buffer;
  readonly keyVersion: number;
  readonly wrappedKey: Buffer;
}

/** The six keys of an object (format.md §3). */
export interface RawKeys {
  readonly commitment: Buffer;
  readonly headerKey: Buffer;
  readonly metadataKey: Buffer;
  readonly dataKey: Buffer;
  readonly trailerKey: Buffer;
  readonly manifestKey: Buffer;
}

/** SHA-256. */
export function sha256(bytes: Uint8Array | string): Buffer {
  return createHash("sha256").update(bytes).digest();
}

/** HMAC-SHA-256. */
export function hmac(key: Uint8Array, message: Uint8Array): Buffer {
  return createHmac("sha256", key).update(message).digest();
}

/** HKDF-SHA-256 as RFC 5869 §2 spells it: extract, then as many blocks as `length` needs. */
export function hkdf(
  inputKey: Uint8Array,
  { salt, info }: { salt: Uint8Array; info: Uint8Array },
  length: number,
): Buffer {
  const pseudoRandomKey = hmac(salt, inputKey);
  const blocks: Buffer[] = [];
  let block = Buffer.alloc(0);
  for (let counter = 1; blocks.length * 32 < length; counter += 1) {
    block = Buffer.from(
      hmac(pseudoRandomKey, Buffer.concat([block, info, Uint8Array.of(counter)])),
    );
    blocks.push(block);
  }
  return Buffer.concat(blocks).subarray(0, length);
}

/** OKM of format.md §3, cut into its keys. */
export function keysByHand(
  dataKey: Uint8Array,
  { objectId, suite, flags }: { objectId: Uint8Array; suite: number; flags: number },
): RawKeys {
  const info = Buffer.from([...Buffer.from("s3eg/2"), suite, flags & 1]);
  const okm = hkdf(dataKey, { salt: objectId, info }, 192);
  return {
    commitment: okm.subarray(0, 32),
    headerKey: okm.subarray(32, 64),
    metadataKey: okm.subarray(64, 96),
    dataKey: okm.subarray(96, 128),
    trailerKey: okm.subarray(128, 160),
    manifestKey: okm.subarray(160, 192),
  };
}

/** An unsigned big-endian number of `bytes` bytes. */
export function unsigned(value: bigint | number, bytes: number): Buffer {
  return Buffer.from(
    BigInt(value)
      .toString(16)
      .padStart(2 * bytes, "0"),
    "hex",
  );
}

/** lp(x) of format.md §2. */
export function prefixed(bytes: Uint8Array | string): Buffer {
  const content = Buffer.from(bytes);
  return Buffer.concat([unsigned(content.byteLength, 2), content]);
}

/** Header bytes before the MAC (format.md §4). */
export function headerBytes(header: RawHeader): Buffer {
  return Buffer.concat([
    Uint8Array.of(header.version, header.suite, header.flags),
    header.objectId,
    header.commitment,
    unsigned(header.plaintextSize, 8),
    unsigned(header.createdAtMs, 8),
    prefixed(header.provider),
    prefixed(header.keyId),
    unsigned(header.keyVersion, 4),
    prefixed(header.wrappedKey),
  ]);
}

/** AEAD under a suite; the ciphertext is followed by its tag. */
export function aead(
  suite: number,
  { key, nonce, aad }: { key: Uint8Array; nonce: Uint8Array; aad?: Uint8Array },
  plaintext: Uint8Array,
): Buffer {
  const options = { authTagLength: 16 };
  const cipher =
    suite === 1
      ? createCipheriv("aes-256-gcm", key, nonce, options)
      : createCipheriv("chacha20-poly1305", key, nonce, options);
  if (aad) cipher.setAAD(aad, { plaintextLength: plaintext.byteLength });
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** H of format.md §5. */
export function bindingByHand(
  header: RawHeader,
  place: { readonly bucket: string; readonly key: string },
): Buffer {
  return sha256(
    Buffer.concat([
      Buffer.from("s3eg/2/wrap"),
      prefixed(header.provider),
      prefixed(header.keyId),
      unsigned(header.keyVersion, 4),
      Uint8Array.of(header.flags),
      header.objectId,
      header.commitment,
      prefixed(place.bucket),
      prefixed(place.key),
    ]),
  );
}

/** The self-contained AES envelope (format.md §5): salt ‖ iv ‖ ct ‖ tag. */
export function wrapByHand(
  kek: Uint8Array,
  { salt, iv, binding }: { salt: Uint8Array; iv: Uint8Array; binding: Uint8Array },
  payload: Uint8Array,
): Buffer {
  const key = hkdf(kek, { salt, info: Buffer.from("s3eg/2/kek") }, 32);
  return Buffer.concat([salt, iv, aead(1, { key, nonce: iv, aad: binding }, payload)]);
}

/** The payload of an AES envelope; undefined if it does not verify. */
export function unwrapByHand(
  kek: Uint8Array,
  wrappedKey: Uint8Array,
  binding: Uint8Array,
): Buffer | undefined {
  const bytes = Buffer.from(wrappedKey);
  const key = hkdf(kek, { salt: bytes.subarray(0, 32), info: Buffer.from("s3eg/2/kek") }, 32);
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(32, 44));
  decipher.setAAD(binding);
  decipher.setAuthTag(bytes.subarray(-16));
  const plaintext = decipher.update(bytes.subarray(44, -16));
  try {
    return Buffer.concat([plaintext, decipher.final()]);
  } catch {
    return undefined;
  }
}

/** Chunk `index` as stored (format.md §6). */
export function chunkByHand(
  suite: number,
  { key, index, isFinal }: { key: Uint8Array; index: number; isFinal: boolean },
  plaintext: Uint8Array,
): Buffer {
  return aead(suite, { key, nonce: unsigned((index << 8) | (isFinal ? 1 : 0), 12) }, plaintext);
}

/** All stored bytes of a plaintext: its chunks, then the sealed trailer (format.md §6). */
export function storedByHand(
  suite: number,
  keys: RawKeys,
  { plaintext, trailer }: { plaintext: Buffer; trailer: Buffer },
): Buffer {
  const count = Math.max(1, Math.ceil(plaintext.byteLength / CHUNK));
  const chunks = Array.from({ length: count }, (_, index) => {
    const isFinal = index === count - 1;
    const piece = plaintext.subarray(index * CHUNK, (index + 1) * CHUNK);
    return chunkByHand(suite, { key: keys.dataKey, index, isFinal }, piece);
  });
  return Buffer.concat([...chunks, sealedTrailerByHand(suite, keys, trailer)]);
}

/** A trailer as stored. */
export function sealedTrailerByHand(suite: number, keys: RawKeys, trailer: Buffer): Buffer {
  return aead(suite, { key: keys.trailerKey, nonce: Buffer.alloc(12) }, trailer);
}

/** The plaintext of the vectors: byte i is 31·i + ⌊i / 256⌋ + 7·⌊i / 65536⌋, modulo 256. */
export function patternByHand(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 1) {
    bytes[at] = (31 * at + Math.floor(at / 256) + 7 * Math.floor(at / CHUNK)) % 256;
  }
  return bytes;
}

const CRC = {
  crc32: { bits: 32, polynomial: 0xedb88320n },
  crc32c: { bits: 32, polynomial: 0x82f63b78n },
  crc64nvme: { bits: 64, polynomial: 0x9a6c9329ac4bc9b5n },
} as const;

/** A digest of S3, big-endian; the CRCs bit by bit, reflected, all ones before and after. */
export function checksumByHand(
  algorithm: keyof typeof CRC | "md5" | "sha1" | "sha256",
  bytes: Uint8Array,
): Buffer {
  if (algorithm === "md5" || algorithm === "sha1" || algorithm === "sha256") {
    return createHash(algorithm).update(bytes).digest();
  }
  const { bits, polynomial } = CRC[algorithm];
  const ones = (1n << BigInt(bits)) - 1n;
  let rest = ones;
  for (const byte of bytes) {
    rest ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) rest = (rest >> 1n) ^ ((rest & 1n) * polynomial);
  }
  return unsigned(rest ^ ones, bits / 8);
}

/** The 112 bytes of a trailer (format.md §6), from numbers and values as given, valid or not. */
export function trailerByHand(fields: {
  readonly version?: number;
  readonly algorithm?: number;
  readonly type?: number;
  readonly has: number;
  readonly md5?: Uint8Array;
  readonly checksum?: Uint8Array;
}): Buffer {
  const bytes = Buffer.alloc(112);
  bytes.set([fields.version ?? 1, fields.algorithm ?? 0, fields.type ?? 0, fields.has]);
  if (fields.md5) bytes.set(fields.md5, 4);
  if (fields.checksum) bytes.set(fields.checksum, 20);
  return bytes;
}
