/** Nonces of chunks in format 1: derived from public values, so that the index of a chunk is bound to its tag (docs/format-1.md §6, §8). */
import { createHmac } from "node:crypto";
import type { LegacyChunks } from "./legacy-object.ts";

const NONCE_BYTES = 12;
const INDEX_BYTES = 4;
const MAX_INDEX = 0xffff_ffff;

/** The nonce of a chunk by its index. */
export type NonceOf = (index: number) => Buffer;

/** Nonces of a chunked object. */
export function chunkNonces({ baseNonce, nonces }: LegacyChunks): NonceOf {
  return nonces === "hkdf"
    ? (index) => expanded(baseNonce, index)
    : (index) => xored(baseNonce, index);
}

/** HKDF-Expand (RFC 5869 §2.3) of the base nonce itself; one block is enough for 12 bytes. */
function expanded(baseNonce: Uint8Array, index: number): Buffer {
  return createHmac("sha256", baseNonce)
    .update("chunk-iv")
    .update(uint32(index))
    .update(Buffer.of(1))
    .digest()
    .subarray(0, NONCE_BYTES);
}

/** The index on the last four bytes of the base nonce. */
function xored(baseNonce: Uint8Array, index: number): Buffer {
  const nonce = Buffer.from(baseNonce);
  const at = NONCE_BYTES - INDEX_BYTES;
  nonce.writeUInt32BE((nonce.readUInt32BE(at) ^ index) >>> 0, at);
  return nonce;
}

/** Nonces of one part of a multipart object: HKDF-SHA256 of the data key, with the hash of the upload id as salt. */
export function partNonces(upload: {
  readonly dataKey: Uint8Array;
  /** SHA-256 of the upload id. */
  readonly uploadIdHash: Uint8Array;
  readonly noncePrefix: Uint8Array;
}): (partNumber: number) => NonceOf {
  const extracted = createHmac("sha256", upload.uploadIdHash).update(upload.dataKey).digest();
  return (partNumber) => (index) =>
    createHmac("sha256", extracted)
      .update(upload.noncePrefix)
      .update(uint32(partNumber))
      .update(uint32(index))
      .update(Buffer.of(1))
      .digest()
      .subarray(0, NONCE_BYTES);
}

function uint32(number: number): Buffer {
  if (number > MAX_INDEX) throw new RangeError("index does not fit");
  const bytes = Buffer.alloc(INDEX_BYTES);
  bytes.writeUInt32BE(number);
  return bytes;
}
