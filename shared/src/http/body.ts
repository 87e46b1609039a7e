/**
 * Bytes on their way. One interface for every bulk body in the gateway, whatever carries it (client socket, aws-chunked frame,
 * AEAD chunks, backend socket), so that sealing, opening, checking and unframing are functions from Body to Body and roles
 * that share a process hand bodies over without a stream between them.
 */

/**
 * Takes one piece. The piece is the taker's from then on: the source does not touch or reuse it. Returning a promise is
 * back-pressure: no further piece comes until it settles. Throwing (or rejecting) makes the source give up.
 */
export type Take = (piece: Uint8Array) => void | Promise<void>;

/** A body: pushed once, in order, with back-pressure. */
export interface Body {
  /**
   * Pushes every piece into `take`. Resolves after the last piece was taken **and** the source ended properly; every other end
   * (cut connection, failed check, a throw of `take`) rejects, and the source is destroyed. Call it at most once.
   * Only when the promise has resolved may anything be committed that depends on these bytes.
   */
  pump(take: Take): Promise<void>;
  /**
   * The same as `pump`, instead of it, for a taker that is finished with a piece when its take returns or its promise settles: the
   * source then uses the memory again, which saves a copy. Only sources that gain by it have it.
   */
  pumpBorrowed?(take: Take): Promise<void>;
  /** Gives the body up before or during pump: the source is closed, a running pump rejects. Harmless when it has ended. */
  destroy(reason?: unknown): void;
}

/** Hands pieces on one after the other, waiting exactly where the taker asks for it. For transforms that make several pieces of one. */
export function takeAll(pieces: readonly Uint8Array[], take: Take): void | Promise<void> {
  for (const [index, piece] of pieces.entries()) {
    const taken = take(piece);
    if (taken) return taken.then(() => takeAll(pieces.slice(index + 1), take));
  }
  return undefined;
}

/** A body of bytes already in memory. */
export function bodyOfBytes(bytes: Uint8Array): Body {
  return bodyOfPieces(bytes.byteLength === 0 ? [] : [bytes]);
}

/** A body of pieces already in memory, or made one by one. */
export function bodyOfPieces(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Body {
  let gone: { reason: unknown } | undefined;
  return {
    async pump(take) {
      for await (const piece of pieces) {
        if (gone) throw gone.reason;
        const taken = take(piece);
        if (taken) await taken;
      }
      if (gone) throw gone.reason;
    },
    destroy(reason = new Error("body destroyed")) {
      gone ??= { reason };
    },
  };
}

/** All bytes of a body, for small ones. Throws `onTooLarge()` (and destroys the body) beyond `maxBytes`. */
export async function collectBody(
  body: Body,
  maxBytes: number,
  onTooLarge: () => Error,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  await body.pump((piece) => {
    size += piece.byteLength;
    if (size > maxBytes) throw onTooLarge();
    pieces.push(piece);
  });
  return pieces.length === 1 ? Buffer.from(pieces[0] as Uint8Array) : Buffer.concat(pieces, size);
}
