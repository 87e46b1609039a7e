/** Which stored bytes to ask for when a client asks for a range, before the object's size is known, and what the answer must be. */
import type { ByteRange } from "@s3eg/shared/contracts/crypto.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import {
  CHUNK_BYTES,
  MAX_OBJECT_BYTES,
  SEALED_CHUNK_BYTES,
  TAG_BYTES,
  TRAILER_BYTES,
} from "@s3eg/shared/format/layout.ts";
import { chunkSpanOf, storedSizeOf } from "@s3eg/shared/format/sizes.ts";
import type { OpenedRange } from "@s3eg/shared/sealing/open.ts";

/** The value of a Range header that covers the plaintext range in whatever object it turns out to be (format.md §8). */
export function guessStoredRange(range: ByteRange): string {
  if ("suffix" in range) {
    const suffix = Math.min(range.suffix, MAX_OBJECT_BYTES);
    const chunks = Math.ceil(suffix / CHUNK_BYTES) + 2;
    return `bytes=-${suffix + TRAILER_BYTES + CHUNK_BYTES + TAG_BYTES * chunks}`;
  }
  const first = Math.floor(range.first / CHUNK_BYTES) * SEALED_CHUNK_BYTES;
  if (range.last === undefined) return `bytes=${first}-`;
  return `bytes=${first}-${(Math.floor(range.last / CHUNK_BYTES) + 1) * SEALED_CHUNK_BYTES - 1}`;
}

/** The part of the stored object that a backend's answer holds. */
export interface StoredPart {
  readonly start: number;
  /** Offset of the last byte, inclusive. */
  readonly end: number;
  readonly total: number;
}

/** Parses a Content-Range (RFC 9110 §14.4); undefined if it is not of the form `bytes a-b/total`. */
export function parseContentRange(value: string | undefined): StoredPart | undefined {
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/.exec(value ?? "");
  if (!match) return undefined;
  const [start, end, total] = match.slice(1).map(Number) as [number, number, number];
  return start <= end && end < total ? { start, end, total } : undefined;
}

/**
 * How the stored bytes at hand serve a range of an object of authenticated `size`. The backend's part must be what the request
 * predicts, to the byte; otherwise `crypto.integrity`.
 */
export function placeRange(
  wanted: { offset: number; length: number },
  size: number,
  { part, request }: { part: StoredPart; request: string },
): OpenedRange {
  const span = chunkSpanOf(wanted.offset, wanted.length, size);
  const predicted = predictPart(request, storedSizeOf(size));
  const isPredicted =
    part.start === predicted.start &&
    part.end === predicted.end &&
    part.total === storedSizeOf(size);
  const lead = span.storedOffset - part.start;
  const surplus = part.end + 1 - (span.storedOffset + span.storedLength);
  if (!isPredicted || lead < 0 || surplus < 0) {
    throw new Fault("crypto.integrity", "backend answered another range than it was asked for");
  }
  return { span, length: wanted.length, lead, surplus };
}

function predictPart(request: string, total: number): { start: number; end: number } {
  const match = /^bytes=(\d*)-(\d*)$/.exec(request);
  const [first, last] = [match?.[1] ?? "", match?.[2] ?? ""];
  if (first === "") return { start: Math.max(0, total - Number(last)), end: total - 1 };
  return { start: Number(first), end: last === "" ? total - 1 : Math.min(Number(last), total - 1) };
}
