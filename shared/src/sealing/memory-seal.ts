/**
 * Plaintext that a process keeps in its memory between requests, sealed: a dump of its heap, a page on the swap or a freed buffer shows
 * nothing of it. The key is made for the process and never leaves it.
 */
import { createHmac, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { CHUNK_BYTES, KEY_BYTES, SUITE, TAG_BYTES } from "../format/layout.ts";
import { chunkCountOf } from "../format/sizes.ts";
import { type Body, bodyOfPieces } from "../http/body.ts";
import { ChunkOpener, ChunkSealer, type StreamKey } from "./aead.ts";

/** Sealed bytes, which only the `MemorySeal` that made them opens. */
export interface SealedBytes {
  /** Plaintext bytes. */
  readonly size: number;
  /** Which key of the process's they are under. */
  readonly number: number;
  /** Each with its tag behind it. */
  readonly chunks: readonly Buffer[];
}

/** Takes the plaintext piece by piece and keeps none of it. */
export interface BytesSealer {
  /** RangeError for more bytes than were announced. */
  push(piece: Uint8Array): void;
  /** RangeError unless exactly the announced bytes came. */
  finish(): SealedBytes;
}

/** Seals and opens what is kept. Every item has a key of its own, HMAC-SHA-256(process key, number), so that chunk nonces never meet. */
export class MemorySeal {
  readonly #root: KeyObject;
  #made = 0;

  constructor() {
    const raw = randomBytes(KEY_BYTES);
    this.#root = createSecretKey(raw);
    raw.fill(0);
  }

  /** Begins an item of `size` plaintext bytes. */
  begin(size: number): BytesSealer {
    this.#made += 1;
    return sealerOf(this.#streamOf(this.#made), { size, number: this.#made });
  }

  /** Bytes of an item, opened chunk by chunk as they are taken; `crypto.integrity` where memory was changed. */
  open(sealed: SealedBytes, { offset, length }: { offset: number; length: number }): Body {
    return bodyOfPieces(openedPieces(this.#streamOf(sealed.number), sealed, { offset, length }));
  }

  #streamOf(number: number): StreamKey {
    const name = Buffer.alloc(8);
    name.writeBigUInt64BE(BigInt(number));
    const derived = createHmac("sha256", this.#root).update(name).digest();
    const key = createSecretKey(derived);
    derived.fill(0);
    return { suite: SUITE.aes256Gcm, key };
  }
}

function sealerOf(
  stream: StreamKey,
  { size, number }: { size: number; number: number },
): BytesSealer {
  const count = chunkCountOf(size);
  const sealer = new ChunkSealer(stream, count);
  const chunks: Buffer[] = [];
  let received = 0;
  const finishChunk = () => {
    const chunk = chunks.at(-1) ?? nextChunk();
    chunk.set(sealer.finishChunk(), chunk.byteLength - TAG_BYTES);
  };
  // Not from Node's pool: a small chunk would keep a slab of it.
  const nextChunk = () => {
    const bytes = Math.min(CHUNK_BYTES, size - chunks.length * CHUNK_BYTES);
    const chunk = Buffer.allocUnsafeSlow(bytes + TAG_BYTES);
    chunks.push(chunk);
    return chunk;
  };
  return {
    push(piece) {
      if (received + piece.byteLength > size) throw new RangeError("more bytes than announced");
      for (let at = 0; at < piece.byteLength; ) {
        const filled = CHUNK_BYTES - sealer.room;
        const chunk = filled === 0 ? nextChunk() : (chunks.at(-1) as Buffer);
        const end = Math.min(piece.byteLength, at + sealer.room);
        chunk.set(sealer.update(piece.subarray(at, end)), filled);
        received += end - at;
        at = end;
        if (sealer.room === 0 && received < size) finishChunk();
      }
    },
    finish() {
      if (received !== size) throw new RangeError("fewer bytes than announced");
      finishChunk();
      return { size, number, chunks };
    },
  };
}

function* openedPieces(
  stream: StreamKey,
  { size, chunks }: SealedBytes,
  { offset, length }: { offset: number; length: number },
): Generator<Uint8Array> {
  const end = offset + length;
  const first = Math.min(Math.floor(offset / CHUNK_BYTES), chunks.length - 1);
  const opener = new ChunkOpener(stream, chunkCountOf(size), first);
  for (let at = first; at < chunks.length && (at === first || at * CHUNK_BYTES < end); at += 1) {
    const chunk = chunks[at] as Buffer;
    const tagAt = chunk.byteLength - TAG_BYTES;
    opener.update(chunk.subarray(0, tagAt));
    for (const plain of opener.finishChunk(chunk.subarray(tagAt))) {
      const from = Math.max(0, offset - at * CHUNK_BYTES);
      const wanted = plain.subarray(from, Math.max(from, end - at * CHUNK_BYTES));
      if (wanted.byteLength > 0) yield wanted;
    }
  }
}
