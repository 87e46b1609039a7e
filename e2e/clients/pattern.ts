/** Bytes to send and to compare with, of any length, made on the fly: an endless repeating pattern. */
import { createCipheriv, createHash } from "node:crypto";
import { Readable } from "node:stream";

const PIECE_BYTES = 1024 * 1024;
/** A prime number of bytes, so that no chunk boundary falls on the same place of the pattern twice. */
const BLOCK_BYTES = 1_048_583;
const BLOCK = createCipheriv("aes-128-ctr", Buffer.alloc(16, 42), Buffer.alloc(16)).update(
  Buffer.alloc(BLOCK_BYTES),
);

/** `count` bytes of the pattern from byte `start` on. */
export function pattern(start: number, count: number): Buffer {
  const bytes = Buffer.allocUnsafe(count);
  for (let done = 0; done < count; ) {
    const from = (start + done) % BLOCK_BYTES;
    done += BLOCK.copy(bytes, done, from, Math.min(BLOCK_BYTES, from + count - done));
  }
  return bytes;
}

/** The first `size` bytes of the pattern as a stream of 1 MiB pieces. */
export function patternStream(size: number): Readable {
  return Readable.from(pieces(size), { objectMode: false, highWaterMark: PIECE_BYTES });
}

/** SHA-256 of the first `size` bytes of the pattern, in hex. */
export function patternDigest(size: number): string {
  const sha256 = createHash("sha256");
  for (const piece of pieces(size)) sha256.update(piece);
  return sha256.digest("hex");
}

function* pieces(size: number): Generator<Buffer> {
  for (let at = 0; at < size; at += PIECE_BYTES) {
    yield pattern(at, Math.min(PIECE_BYTES, size - at));
  }
}
