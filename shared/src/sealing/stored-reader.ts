/** Reading one stream of chunks, whatever the pieces its stored bytes come in (format.md §6, §7, §8). */
import { Fault } from "../faults.ts";
import { CHUNK_BYTES, TAG_BYTES, TRAILER_BYTES } from "../format/layout.ts";
import { type ChunkSpan, chunkCountOf } from "../format/sizes.ts";
import { type Take, takeAll } from "../http/body.ts";
import { ChunkOpener, type StreamKey } from "./aead.ts";

/** One stream of chunks as it lies on the backend: a single object, or a part. */
export interface StoredStream {
  readonly stream: StreamKey;
  /** Plaintext bytes of the whole stream. */
  readonly size: number;
  /** Absent: all chunks of the stream come. */
  readonly range?: { readonly span: ChunkSpan; readonly length: number };
  /** Present where a trailer follows the chunks: then the last chunk is held until this has not thrown. */
  readonly checkTrailer?: (sealed: Buffer) => void;
}

/** Cuts the stored bytes into chunks, tags and trailer, whatever the pieces they come in; verified plaintext goes to `take`. */
export class StoredReader {
  readonly #take: Take;
  readonly #opener: ChunkOpener;
  readonly #checkTrailer: ((sealed: Buffer) => void) | undefined;
  /** Stored bytes still expected, trailer excluded. */
  #chunkBytesLeft: number;
  /** Ciphertext bytes of the open chunk still expected, and of its tag. */
  #cipherLeft = 0;
  readonly #tag = Buffer.alloc(TAG_BYTES);
  #tagFilled = 0;
  readonly #trailer: Buffer;
  #trailerFilled = 0;
  /** The last chunk of a whole object, held until the trailer verified. */
  #last: Buffer[] = [];
  #skip: number;
  #deliverLeft: number;

  constructor({ stream, size, range, checkTrailer }: StoredStream, take: Take) {
    const chunkCount = chunkCountOf(size);
    this.#take = take;
    this.#opener = new ChunkOpener(stream, chunkCount, range?.span.firstChunk ?? 0);
    this.#checkTrailer = checkTrailer;
    this.#chunkBytesLeft = range?.span.storedLength ?? size + TAG_BYTES * chunkCount;
    this.#trailer = Buffer.alloc(checkTrailer ? TRAILER_BYTES : 0);
    this.#skip = range?.span.skip ?? 0;
    this.#deliverLeft = range?.length ?? size;
    this.#beginChunk();
  }

  push(piece: Uint8Array): void | Promise<void> {
    const plaintext: Buffer[] = [];
    for (let at = 0; at < piece.byteLength; ) {
      const rest = piece.subarray(at);
      if (this.#cipherLeft > 0) {
        at += this.#pushCiphertext(rest);
      } else if (this.#tagFilled < TAG_BYTES) {
        at += this.#pushTag(rest);
        if (this.#tagFilled === TAG_BYTES) plaintext.push(...this.#finishChunk());
      } else {
        at += this.#pushTrailer(rest);
      }
    }
    return takeAll(this.#withinRange(plaintext), this.#take);
  }

  /** Everything must have come; then the last chunk may go. */
  async end(): Promise<void> {
    if (this.#chunkBytesLeft > 0 || this.#trailerFilled < this.#trailer.byteLength)
      throw truncated();
    this.#checkTrailer?.(this.#trailer);
    await takeAll(this.#withinRange(this.#last), this.#take);
    if (this.#deliverLeft !== 0) throw truncated();
  }

  #beginChunk(): void {
    this.#cipherLeft = Math.min(CHUNK_BYTES, this.#chunkBytesLeft - TAG_BYTES);
    this.#tagFilled = 0;
  }

  #pushCiphertext(rest: Uint8Array): number {
    const length = Math.min(rest.byteLength, this.#cipherLeft);
    this.#opener.update(rest.subarray(0, length));
    this.#cipherLeft -= length;
    this.#chunkBytesLeft -= length;
    return length;
  }

  #pushTag(rest: Uint8Array): number {
    const length = Math.min(rest.byteLength, TAG_BYTES - this.#tagFilled);
    this.#tag.set(rest.subarray(0, length), this.#tagFilled);
    this.#tagFilled += length;
    this.#chunkBytesLeft -= length;
    return length;
  }

  #pushTrailer(rest: Uint8Array): number {
    const length = Math.min(rest.byteLength, this.#trailer.byteLength - this.#trailerFilled);
    if (length === 0)
      throw new Fault("crypto.integrity", "stored object is longer than its header says");
    this.#trailer.set(rest.subarray(0, length), this.#trailerFilled);
    this.#trailerFilled += length;
    return length;
  }

  /** The verified plaintext of the open chunk that may leave now. */
  #finishChunk(): Buffer[] {
    const plaintext = this.#opener.finishChunk(this.#tag);
    if (this.#chunkBytesLeft > 0) {
      this.#beginChunk();
      return plaintext;
    }
    if (this.#trailer.byteLength === 0) return plaintext;
    this.#last = plaintext;
    return [];
  }

  /** What of the plaintext lies within the range. */
  #withinRange(plaintext: readonly Buffer[]): Buffer[] {
    const wanted: Buffer[] = [];
    for (const piece of plaintext) {
      const from = Math.min(this.#skip, piece.byteLength);
      this.#skip -= from;
      const part = piece.subarray(from, from + this.#deliverLeft);
      this.#deliverLeft -= part.byteLength;
      if (part.byteLength > 0) wanted.push(part);
    }
    return wanted;
  }
}

function truncated(): Fault {
  return new Fault("crypto.integrity", "stored object is cut short");
}
