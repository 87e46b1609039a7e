/**
 * The aws-chunked framing (S3 API reference, "Transferring Payload in Multiple Chunks" and "… with trailing headers"): chunks, each
 * with its size and perhaps its signature, an empty chunk, and perhaps trailers. Bounded memory; payload bytes are not copied.
 */
import assert from "node:assert/strict";
import { createHash, type Hash, hash } from "node:crypto";
import { Fault } from "../faults.ts";
import type { Body, Take } from "../http/body.ts";
import { EMPTY_SHA256, sign, trimSpaces } from "./sigv4.ts";
import { type ChunkSigning, isSameSignature } from "./sigv4-verify.ts";

/** A body without its framing. */
export interface DecodedBody {
  /** Ends properly only if framing, length and every signature are right. */
  readonly body: Body;
  /** The trailers by lower-case name, `x-amz-trailer-signature` aside. Only after `body.pump` has resolved. */
  trailers(): Readonly<Record<string, string>>;
}

/** What the request's head says about the framed body. */
export interface ChunkedOptions {
  /** x-amz-decoded-content-length. */
  readonly decodedBytes: number;
  /** Given when the chunks (and trailers) are signed. */
  readonly signing?: ChunkSigning;
  readonly hasTrailer: boolean;
}

/**
 * Takes the framing off. Pieces are passed on as they come, the last of a chunk after its signature was verified. The pump rejects
 * with `input.malformed-chunk`, `input.incomplete-body` (cut, or not `decodedBytes` long) or `auth.signature-mismatch`.
 */
export function decodeAwsChunked(body: Body, options: ChunkedOptions): DecodedBody {
  const decoder = new ChunkedDecoder(options);
  return {
    body: {
      async pump(take) {
        await body.pump((piece) => decoder.feed(piece, 0, take));
        decoder.finish();
      },
      destroy: (reason) => body.destroy(reason),
    },
    trailers: () => decoder.trailers(),
  };
}

/** The signature of a chunk whose payload has that SHA-256; `previous` is the chunk's before it, or the request's own. */
export function chunkSignature(signing: ChunkSigning, previous: string, sha256: string): string {
  return sign(
    signing.signingKey,
    `AWS4-HMAC-SHA256-PAYLOAD\n${signing.timestamp}\n${signing.scope}\n${previous}\n${EMPTY_SHA256}\n${sha256}`,
  );
}

/** The signature of the trailers, in the order sent; `previous` is that of the empty chunk. */
export function trailerSignature(
  signing: ChunkSigning,
  previous: string,
  trailers: readonly (readonly [lowerName: string, value: string])[],
): string {
  const canonical = trailers.map(([name, value]) => `${name}:${value}\n`).join("");
  return sign(
    signing.signingKey,
    `AWS4-HMAC-SHA256-TRAILER\n${signing.timestamp}\n${signing.scope}\n${previous}\n${hash("sha256", Buffer.from(canonical, "latin1"))}`,
  );
}

const MAX_CHUNK_BYTES = 2 ** 31;
const MAX_HEADER_BYTES = 128;
const MAX_TRAILER_BYTES = 8192;
const SIGNED_HEADER = /^([0-9a-f]{1,16});chunk-signature=([0-9a-f]{64})\r$/i;
const UNSIGNED_HEADER = /^([0-9a-f]{1,16})()\r$/i;
const TRAILER = /^([A-Za-z0-9!#$%&'*+.^_`|~-]+):([\t\x20-\x7e\x80-\xff]*)$/;
const CR = 0x0d;
const LF = 0x0a;

/** Where the next byte belongs: `gap` is the line end after a chunk's payload, `end` the one after the empty chunk. */
type State = "header" | "payload" | "gap" | "trailer" | "end" | "done";

class ChunkedDecoder {
  readonly #options: ChunkedOptions;
  #state: State = "header";
  readonly #held = Buffer.allocUnsafe(MAX_HEADER_BYTES);
  #heldBytes = 0;
  /** Payload still to come, of this chunk and of all. */
  #chunkBytesLeft = 0;
  #bytesLeft: number;
  #claimedSignature = "";
  #previousSignature: string;
  #running: Hash | undefined;
  readonly #trailerPieces: Uint8Array[] = [];
  #trailerBytes = 0;
  #trailers: Readonly<Record<string, string>> | undefined;

  constructor(options: ChunkedOptions) {
    this.#options = options;
    this.#bytesLeft = options.decodedBytes;
    this.#previousSignature = options.signing?.seedSignature ?? "";
  }

  /** Takes `piece` from `start` on. Waits for `take` before it goes on in the same piece. */
  feed(piece: Uint8Array, start: number, take: Take): void | Promise<void> {
    let at = start;
    while (at < piece.byteLength) {
      switch (this.#state) {
        case "header":
          at = this.#takeHeader(piece, at);
          break;
        case "payload": {
          const next = Math.min(piece.byteLength, at + this.#chunkBytesLeft);
          const taken = this.#takePayload(piece.subarray(at, next), take);
          if (taken) return taken.then(() => this.feed(piece, next, take));
          at = next;
          break;
        }
        case "gap":
        case "end":
          at = this.#takeLineEnd(piece, at);
          break;
        case "trailer":
          at = this.#takeTrailer(piece, at);
          break;
        case "done":
          throw malformed("bytes after the end of the chunks");
      }
    }
  }

  /** The source has ended. */
  finish(): void {
    if (this.#state === "trailer") {
      this.#trailers = this.#readTrailers();
    } else if (this.#state === "done") {
      this.#trailers = {};
    } else {
      throw incomplete("body ends before its last chunk");
    }
  }

  trailers(): Readonly<Record<string, string>> {
    assert.ok(this.#trailers, "trailers are known after the body only");
    return this.#trailers;
  }

  #takeHeader(piece: Uint8Array, at: number): number {
    const lineEnd = piece.indexOf(LF, at);
    const next = lineEnd < 0 ? piece.byteLength : lineEnd;
    if (this.#heldBytes + next - at > MAX_HEADER_BYTES) throw malformed("chunk header is too long");
    this.#held.set(piece.subarray(at, next), this.#heldBytes);
    this.#heldBytes += next - at;
    if (lineEnd < 0) return next;
    this.#startChunk(this.#held.toString("latin1", 0, this.#heldBytes));
    this.#heldBytes = 0;
    return next + 1;
  }

  #startChunk(line: string): void {
    const match = (this.#options.signing ? SIGNED_HEADER : UNSIGNED_HEADER).exec(line);
    if (!match) throw malformed("chunk header is not valid");
    const sizeBytes = Number.parseInt(match[1] as string, 16);
    if (sizeBytes > MAX_CHUNK_BYTES) throw malformed("chunk is too large");
    if (sizeBytes > this.#bytesLeft) throw incomplete("body is longer than its decoded length");
    this.#claimedSignature = match[2] as string;
    this.#chunkBytesLeft = sizeBytes;
    this.#bytesLeft -= sizeBytes;
    if (sizeBytes > 0) {
      this.#state = "payload";
      return;
    }
    this.#verifyChunk(EMPTY_SHA256);
    if (this.#bytesLeft > 0) throw incomplete("body is shorter than its decoded length");
    this.#state = this.#options.hasTrailer ? "trailer" : "end";
  }

  #takePayload(payload: Uint8Array, take: Take): void | Promise<void> {
    this.#chunkBytesLeft -= payload.byteLength;
    const isWhole = this.#chunkBytesLeft === 0;
    if (this.#options.signing) this.#hashPayload(payload, isWhole);
    if (isWhole) this.#state = "gap";
    return take(payload);
  }

  #hashPayload(payload: Uint8Array, isWhole: boolean): void {
    if (isWhole && !this.#running) {
      this.#verifyChunk(hash("sha256", payload));
      return;
    }
    this.#running ??= createHash("sha256");
    this.#running.update(payload);
    if (!isWhole) return;
    this.#verifyChunk(this.#running.digest("hex"));
    this.#running = undefined;
  }

  #verifyChunk(sha256: string): void {
    const { signing } = this.#options;
    if (!signing) return;
    const expected = chunkSignature(signing, this.#previousSignature, sha256);
    if (!isSameSignature(expected, this.#claimedSignature)) {
      throw new Fault("auth.signature-mismatch", "signature of a chunk does not match");
    }
    this.#previousSignature = expected;
  }

  #takeLineEnd(piece: Uint8Array, at: number): number {
    if (piece[at] !== (this.#heldBytes === 0 ? CR : LF)) {
      throw malformed("chunk is longer than its header says");
    }
    this.#heldBytes = 1 - this.#heldBytes;
    if (this.#heldBytes === 0) this.#state = this.#state === "gap" ? "header" : "done";
    return at + 1;
  }

  #takeTrailer(piece: Uint8Array, at: number): number {
    this.#trailerBytes += piece.byteLength - at;
    if (this.#trailerBytes > MAX_TRAILER_BYTES) throw malformed("trailers are too long");
    this.#trailerPieces.push(piece.subarray(at));
    return piece.byteLength;
  }

  /**
   * The trailers run to the end of the source, so nothing can hide behind them. Clients end their lines in LF or CRLF, and some
   * put an empty line before the signature or a second one at the end (minio-go, following the examples of the S3 reference).
   */
  #readTrailers(): Readonly<Record<string, string>> {
    const text = Buffer.concat(this.#trailerPieces, this.#trailerBytes).toString("latin1");
    if (text !== "\r\n" && !text.endsWith("\n\r\n")) throw incomplete("trailers do not end");
    const trailers = new Map<string, string>();
    for (const line of text.split("\n")) {
      const content = line.endsWith("\r") ? line.slice(0, -1) : line;
      if (content === "") continue;
      const match = TRAILER.exec(content);
      const name = match?.[1]?.toLowerCase();
      if (!match || name === undefined || trailers.has(name))
        throw malformed("trailer is not valid");
      trailers.set(name, trimSpaces(match[2] as string));
    }
    if (this.#options.signing) this.#verifyTrailers(this.#options.signing, [...trailers]);
    trailers.delete(SIGNATURE_TRAILER);
    return Object.fromEntries(trailers);
  }

  #verifyTrailers(signing: ChunkSigning, trailers: [lowerName: string, value: string][]): void {
    const [name, given] = trailers.pop() ?? [];
    if (name !== SIGNATURE_TRAILER || given === undefined) {
      throw malformed("the last trailer is not x-amz-trailer-signature");
    }
    const expected = trailerSignature(signing, this.#previousSignature, trailers);
    if (!isSameSignature(expected, given)) {
      throw new Fault("auth.signature-mismatch", "signature of the trailers does not match");
    }
  }
}

const SIGNATURE_TRAILER = "x-amz-trailer-signature";

function malformed(message: string): Fault {
  return new Fault("input.malformed-chunk", message);
}

function incomplete(message: string): Fault {
  return new Fault("input.incomplete-body", message);
}
