/** Sealing a body: plaintext in, the stored bytes of a single object out (format.md §6). */
import { Fault } from "../faults.ts";
import type { SuiteNumber } from "../format/layout.ts";
import { chunkCountOf } from "../format/sizes.ts";
import { encodeTrailer, type Trailer } from "../format/trailer.ts";
import { type Body, takeAll } from "../http/body.ts";
import { ChunkSealer, type StreamKey, sealOnce } from "./aead.ts";
import type { ObjectKeys } from "./object-keys.ts";

/** What sealing needs besides the plaintext. */
export interface Sealing {
  readonly keys: ObjectKeys;
  readonly suite: SuiteNumber;
  /** Plaintext bytes; a body of another length is `input.incomplete-body`. */
  readonly size: number;
  /** Asked once, after the plaintext has ended properly and so everything promised about it was verified. */
  trailer(): Trailer;
}

/**
 * The stored bytes of a body: `storedSizeOf(size)` of them. The last chunk's tag and the trailer are made only when the plaintext
 * has ended properly, so a body that fails leaves a stream that nobody can complete.
 */
export function sealBody(plaintext: Body, { keys, suite, size, trailer }: Sealing): Body {
  return sealChunks(plaintext, {
    stream: { suite, key: keys.dataKey },
    size,
    after: () => sealOnce({ suite, key: keys.trailerKey }, encodeTrailer(trailer())),
  });
}

/**
 * The chunks of one stream, then what `after` gives: asked once, when the plaintext has ended properly and its length is right.
 * A key seals one stream (format.md §3, §7).
 */
export function sealChunks(
  plaintext: Body,
  { stream, size, after }: { stream: StreamKey; size: number; after?: () => Uint8Array },
): Body {
  return {
    async pump(take) {
      const sealer = new ChunkSealer(stream, chunkCountOf(size));
      let received = 0;
      await plaintext.pump((piece) => {
        received += piece.byteLength;
        if (received > size) throw wrongLength(size);
        return takeAll(sealPiece(sealer, { piece, isLast: received === size }), take);
      });
      if (received !== size) throw wrongLength(size);
      const rest = after?.() ?? Buffer.alloc(0);
      await take(Buffer.concat([sealer.finishChunk(), rest]));
    },
    destroy: (reason) => plaintext.destroy(reason),
  };
}

/** Seals one piece across chunk borders. The chunk that ends the plaintext is left open: its tag waits for the proper end. */
function sealPiece(
  sealer: ChunkSealer,
  { piece, isLast }: { piece: Uint8Array; isLast: boolean },
): Buffer[] {
  const sealed: Buffer[] = [];
  for (let at = 0; at < piece.byteLength; ) {
    const end = Math.min(piece.byteLength, at + sealer.room);
    sealed.push(sealer.update(piece.subarray(at, end)));
    at = end;
    const endsPlaintext = isLast && at === piece.byteLength;
    if (sealer.room === 0 && !endsPlaintext) sealed.push(sealer.finishChunk());
  }
  return sealed;
}

function wrongLength(size: number): Fault {
  return new Fault("input.incomplete-body", `body does not have the ${size} bytes it announced`);
}
