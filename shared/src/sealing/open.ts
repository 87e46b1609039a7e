/** Opening a stored body: stored bytes in, verified plaintext out (format.md §8). */
import { Fault } from "../faults.ts";
import { CHUNK_BYTES, type SuiteNumber, TAG_BYTES, TRAILER_BYTES } from "../format/layout.ts";
import { type ChunkSpan, chunkCountOf } from "../format/sizes.ts";
import { decodeTrailer, type Trailer } from "../format/trailer.ts";
import { type Body, type Take, takeAll } from "../http/body.ts";
import { ChunkOpener, openOnce } from "./aead.ts";
import type { ObjectKeys } from "./object-keys.ts";

/** What opening needs besides the stored bytes. All sizes come from the authenticated header. */
export interface Opening {
  readonly keys: ObjectKeys;
  readonly suite: SuiteNumber;
  /** Plaintext bytes of the whole object. */
  readonly size: number;
  /** Absent: the stored bytes are the whole object, trailer included. */
  readonly range?: OpenedRange;
}

/** A range of the plaintext, and how the stored bytes at hand lie around the chunks that cover it. */
export interface OpenedRange {
  readonly span: ChunkSpan;
  /** Plaintext bytes wanted, from `span.skip` in the first chunk on. */
  readonly length: number;
  /** Stored bytes before the span and after it, to be dropped. */
  readonly lead: number;
  readonly surplus: number;
}

/**
 * The plaintext of a stored body. A chunk leaves only after its tag verified; of a whole object the last chunk leaves only after
 * the trailer verified, is well-formed, and the stored bytes ended exactly there. Every deviation rejects with `crypto.integrity`.
 */
export function openBody(stored: Body, opening: Opening): Body {
  return {
    async pump(take) {
      const reader = new StoredReader(opening, take);
      const source = opening.range ? cutOut(stored, opening.range) : stored;
      const pump = source.pumpBorrowed?.bind(source) ?? source.pump.bind(source);
      await pump((piece) => reader.push(piece));
      await reader.end();
    },
    destroy: (reason) => stored.destroy(reason),
  };
}

/** What the stored trailer of an object says, once it verified; anything else is `crypto.integrity` (format.md §6). */
export function openTrailer(
  { keys, suite }: Pick<Opening, "keys" | "suite">,
  stored: Uint8Array,
): Trailer {
  return decodeTrailer(openOnce({ suite, key: keys.trailerKey }, stored));
}

/** Cuts the stored bytes into chunks, tags and trailer, whatever the pieces they come in. */
class StoredReader {
  readonly #take: Take;
  readonly #opener: ChunkOpener;
  readonly #opening: Opening;
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

  constructor(opening: Opening, take: Take) {
    const { keys, suite, size, range } = opening;
    const chunkCount = chunkCountOf(size);
    this.#take = take;
    this.#opener = new ChunkOpener(
      { suite, key: keys.dataKey },
      chunkCount,
      range?.span.firstChunk ?? 0,
    );
    this.#opening = opening;
    this.#chunkBytesLeft = range?.span.storedLength ?? size + TAG_BYTES * chunkCount;
    this.#trailer = Buffer.alloc(range ? 0 : TRAILER_BYTES);
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
    const isWhole = this.#trailer.byteLength > 0;
    if (this.#chunkBytesLeft > 0 || this.#trailerFilled < this.#trailer.byteLength)
      throw truncated();
    if (isWhole) openTrailer(this.#opening, this.#trailer);
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

/** The stored bytes of the span alone: drops `lead` bytes before and exactly `surplus` bytes after. */
function cutOut(stored: Body, { lead, span, surplus }: OpenedRange): Body {
  const end = lead + span.storedLength;
  const pump = stored.pumpBorrowed?.bind(stored) ?? stored.pump.bind(stored);
  const clipped = async (take: Take) => {
    let at = 0;
    await pump((piece) => {
      const from = Math.max(0, lead - at);
      const wanted = piece.subarray(from, Math.max(from, end - at));
      at += piece.byteLength;
      if (at > end + surplus)
        throw new Fault("crypto.integrity", "more bytes came than were asked for");
      return wanted.byteLength > 0 ? take(wanted) : undefined;
    });
    if (at !== end + surplus) throw truncated();
  };
  return { pump: clipped, pumpBorrowed: clipped, destroy: (reason) => stored.destroy(reason) };
}

function truncated(): Fault {
  return new Fault("crypto.integrity", "stored object is cut short");
}
