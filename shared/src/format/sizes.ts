/** Size arithmetic of format 2 (format.md §6): plaintext ↔ stored bytes, and which stored bytes cover a range. */
import { CHUNK_BYTES, SEALED_CHUNK_BYTES, TAG_BYTES, TRAILER_BYTES } from "./layout.ts";

/** Chunks of a plaintext of `size` bytes; an empty one has one empty chunk. */
export function chunkCountOf(size: number): number {
  return Math.max(1, Math.ceil(size / CHUNK_BYTES));
}

/** Stored bytes of a single object whose plaintext has `size` bytes. */
export function storedSizeOf(size: number): number {
  return size + TAG_BYTES * chunkCountOf(size) + TRAILER_BYTES;
}

/** Plaintext size of a single object of `storedSize` bytes; undefined if no plaintext gives that size. */
export function plaintextSizeOf(storedSize: number): number | undefined {
  const sealed = storedSize - TRAILER_BYTES;
  if (!Number.isSafeInteger(storedSize) || sealed < TAG_BYTES) return undefined;
  const size = sealed - TAG_BYTES * Math.ceil(sealed / SEALED_CHUNK_BYTES);
  return size >= 0 && storedSizeOf(size) === storedSize ? size : undefined;
}

/** The chunks that cover a plaintext range, and where they lie in the stored object. */
export interface ChunkSpan {
  readonly firstChunk: number;
  /** Number of chunks, at least 1. */
  readonly chunks: number;
  readonly storedOffset: number;
  readonly storedLength: number;
  /** Plaintext bytes of the first chunk that lie before the range. */
  readonly skip: number;
}

/** The chunks that cover `length` (≥ 1) plaintext bytes from `offset` in an object of `size` bytes; the range lies within it. */
export function chunkSpanOf(offset: number, length: number, size: number): ChunkSpan {
  const firstChunk = Math.floor(offset / CHUNK_BYTES);
  const lastChunk = Math.floor((offset + length - 1) / CHUNK_BYTES);
  const storedOffset = firstChunk * SEALED_CHUNK_BYTES;
  const plaintextEnd = Math.min((lastChunk + 1) * CHUNK_BYTES, size);
  const storedEnd = plaintextEnd + TAG_BYTES * (lastChunk + 1);
  return {
    firstChunk,
    chunks: lastChunk - firstChunk + 1,
    storedOffset,
    storedLength: storedEnd - storedOffset,
    skip: offset - firstChunk * CHUNK_BYTES,
  };
}

/** Stored bytes of a part whose plaintext has `size` bytes (format.md §7). */
export function sealedPartSizeOf(size: number): number {
  return size + TAG_BYTES * chunkCountOf(size);
}

/** Bytes of a multipart object that do not depend on its plaintext, for `partCount` backend parts (format.md §7). */
function multipartOverheadOf(partCount: number): number {
  return TAG_BYTES * (partCount + 1) + 256 + 96 * partCount;
}

/** Stored bytes of a multipart object of `size` plaintext bytes in `partCount` backend parts, whatever the sizes of its parts. */
export function multipartStoredSizeOf(size: number, partCount: number): number {
  return size + TAG_BYTES * Math.ceil(size / CHUNK_BYTES) + multipartOverheadOf(partCount);
}

/** Plaintext size of a multipart object; undefined if no plaintext gives that size. */
export function multipartPlaintextSizeOf(
  storedSize: number,
  partCount: number,
): number | undefined {
  const sealed = storedSize - multipartOverheadOf(partCount);
  if (!Number.isSafeInteger(sealed) || sealed < 0) return undefined;
  const size = sealed - TAG_BYTES * Math.ceil(sealed / SEALED_CHUNK_BYTES);
  return multipartStoredSizeOf(size, partCount) === storedSize ? size : undefined;
}

/** No manifest region of an object with `partCount` backend parts is longer than this. */
export function maxRegionBytesOf(partCount: number): number {
  return multipartOverheadOf(partCount) + TAG_BYTES;
}

/** Backend parts of an object, from its ETag (`"…-N"`); undefined for that of a single PUT. */
export function partCountOfEtag(etag: string): number | undefined {
  const count = Number(/^"?[0-9a-fA-F]+-(\d{1,5})"?$/.exec(etag)?.[1] ?? Number.NaN);
  return count >= 1 && count <= 10_000 ? count : undefined;
}

/** Plaintext size of a sealed object from what a listing shows of it; undefined if no plaintext gives that size. */
export function listedPlaintextSizeOf(storedSize: number, etag: string): number | undefined {
  const partCount = partCountOfEtag(etag);
  return partCount === undefined
    ? plaintextSizeOf(storedSize)
    : multipartPlaintextSizeOf(storedSize, partCount);
}
